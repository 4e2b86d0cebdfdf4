namespace GracefulKernels;

/// <summary>
/// Networks between networks: backward-compatible weight interpolation (BCWI: Schumann et al., "Backward Compatibility During Data Updates by Weight Interpolation", 2023) from an old model towards the one
/// it was fine-tuned to, and soups (Wortsman et al. 2022) of several. No training and no time at inference; of use where the networks were fine-tuned from the same weights, for between independently trained
/// ones there is no low error.
/// </summary>
/// <remarks>
/// All networks have one graph. Running statistics of batch normalisation are mixed as the weights are: where all come from one base and were trained at frozen statistics they are the same numbers, and
/// stay so. Each number is a sum in fp64, rounded once to fp32; the result is on the first network's device.
/// </remarks>
public static class WeightInterpolation
{
    /// <summary><c>w = (1 − t)·w_old + t·w_new</c> (BCWI); t = 0 is the old network and t = 1 the new one, to the bit.</summary>
    /// <param name="old">The old model.</param>
    /// <param name="updated">The new model, of the same graph.</param>
    /// <param name="t">In [0, 1].</param>
    /// <exception cref="ArgumentException">The networks have different graphs.</exception>
    /// <exception cref="ArgumentOutOfRangeException">t is outside [0, 1].</exception>
    public static Network Between(Network old, Network updated, double t)
    {
        Expect([old, updated], nameof(updated));
        CheckPlace(t, nameof(t));
        return WeightMix.Of([old, updated], [1 - t, t]);
    }

    /// <summary>
    /// FisherBCWI, each weight by its importance: <c>w = ((1 − t)·F_old∘w_old + t·F_new∘w_new) / ((1 − t)·F_old + t·F_new)</c>; where the denominator is 0, as by <see cref="Between(Network, Network, double)"/>. Running
    /// statistics have no Fisher information and are mixed plainly.
    /// </summary>
    /// <param name="old">The old model.</param>
    /// <param name="updated">The new model, of the same graph.</param>
    /// <param name="t">In [0, 1].</param>
    /// <param name="oldFisher">F_old ≥ 0, of the old model on its data; the Gauss–Newton diagonal of its outputs stands for the Fisher information.</param>
    /// <param name="updatedFisher">F_new ≥ 0, of the new model on its.</param>
    /// <exception cref="ArgumentException">The networks have different graphs, or a diagonal belongs to another.</exception>
    /// <exception cref="ArgumentOutOfRangeException">t is outside [0, 1].</exception>
    public static Network Between(Network old, Network updated, double t, DiagonalCurvature oldFisher, DiagonalCurvature updatedFisher)
    {
        Expect([old, updated], nameof(updated));
        CheckPlace(t, nameof(t));
        ArgumentNullException.ThrowIfNull(oldFisher);
        ArgumentNullException.ThrowIfNull(updatedFisher);
        updatedFisher.Expect(oldFisher.Parameters, nameof(oldFisher));
        oldFisher.Expect(old.Parameters.Parameters, nameof(old));
        return WeightMix.Of([old, updated], [1 - t, t], [oldFisher, updatedFisher]);
    }

    /// <summary>Accuracy and flips against the old model at each place between the two.</summary>
    /// <param name="old">The old model; its predictions are those that flips are counted against.</param>
    /// <param name="updated">The new model, of the same graph.</param>
    /// <param name="places">t in [0, 1], in any order; 1 is added where it is missing: the new model is what the others are measured by.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says: data that neither was trained on.</param>
    /// <param name="labels">[samples].</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">Fraction of the places done.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>
    /// A point each place, its value t. <see cref="CongruenceCurve.Choose"/> at the accuracy of the last point (t = 1) is the place of least NFR at no worse accuracy.
    /// </returns>
    /// <exception cref="ArgumentException">The networks have different graphs, there is no place or no sample, or a shape does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A place is outside [0, 1], or a label out of range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CongruenceCurve Curve(
        Network old,
        Network updated,
        ReadOnlySpan<double> places,
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        Expect([old, updated], nameof(updated));
        if (places.IsEmpty) throw new ArgumentException("places is empty; expected at least one t.", nameof(places));
        foreach (double t in places) CheckPlace(t, nameof(places));
        CheckData(old, images, labels, layout);
        double[] all = [.. places.ToArray().Append(1).Distinct().Order()];
        float[] oldLogits = old.Predict(images, labels.Length, layout, cancellation: cancellation);
        var points = new CongruencePoint[all.Length];
        for (int i = 0; i < all.Length; i++)
        {
            float[] logits = WeightMix.Of([old, updated], [1 - all[i], all[i]]).Predict(images, labels.Length, layout, cancellation: cancellation);
            points[i] = new CongruencePoint(all[i], FlipCounts.FromLogits(oldLogits, logits, labels, old.Outputs, device: old.Device));
            progress?.Report((i + 1.0) / all.Length);
        }
        return new CongruenceCurve(points);
    }

    /// <summary>The soup <c>w = Σ_i c_i·w_i / Σ_i c_i</c>.</summary>
    /// <param name="networks">At least one, all of one graph.</param>
    /// <param name="shares">c_i ≥ 0, not all 0; empty for the uniform soup.</param>
    /// <exception cref="ArgumentException">There is no network, the networks have different graphs, or the shares do not fit them or sum to 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A share is negative or not finite.</exception>
    public static Network Soup(IReadOnlyList<Network> networks, ReadOnlySpan<double> shares = default)
    {
        Expect(networks, nameof(networks));
        double[] c = shares.IsEmpty ? [.. networks.Select(_ => 1.0)] : shares.ToArray();
        Check.Length(c.Length, networks.Count, nameof(shares), "networks");
        for (int i = 0; i < c.Length; i++) _ = Check.NonNegative(c[i], nameof(shares), $"shares[{i}]");
        double sum = c.Sum();
        if (!(sum > 0 && double.IsFinite(sum))) throw new ArgumentException($"The shares sum to {sum}; expected a positive number.", nameof(shares));
        return WeightMix.Of(networks, [.. c.Select(v => v / sum)]);
    }

    /// <summary>
    /// The greedy soup (Wortsman et al. 2022, recipe 1): networks in the order of their accuracy on held-out data, each of which stays in the uniform soup if that is then at least as accurate as before.
    /// </summary>
    /// <param name="networks">At least one, all of one graph; of equally accurate ones the first comes first.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says: data that none was trained on.</param>
    /// <param name="labels">[samples].</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>The soup, and the numbers of its networks in the order in which they came in.</returns>
    /// <exception cref="ArgumentException">There is no network or no sample, the networks have different graphs, or a shape does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static (Network Soup, IReadOnlyList<int> Members) GreedySoup(
        IReadOnlyList<Network> networks,
        ReadOnlySpan<float> images,
        ReadOnlySpan<int> labels,
        ImageLayout layout = ImageLayout.Nhwc,
        CancellationToken cancellation = default)
    {
        Expect(networks, nameof(networks));
        CheckData(networks[0], images, labels, layout);
        int[] right = new int[networks.Count];
        for (int i = 0; i < right.Length; i++) right[i] = Right(networks[i], images, labels, layout, cancellation);
        int[] order = [.. Enumerable.Range(0, right.Length).OrderByDescending(i => right[i])];
        List<int> members = [order[0]];
        Network soup = networks[order[0]];
        int best = right[order[0]];
        foreach (int next in order.Skip(1))
        {
            Network tried = Soup([.. members.Select(m => networks[m]), networks[next]]);
            int now = Right(tried, images, labels, layout, cancellation);
            if (now < best) continue;
            members.Add(next);
            (soup, best) = (tried, now);
        }
        return (soup, members);
    }

    private static int Right(Network network, ReadOnlySpan<float> images, ReadOnlySpan<int> labels, ImageLayout layout, CancellationToken cancellation)
        => Predicted.Right(network.Predict(images, labels.Length, layout, cancellation: cancellation), labels);

    private static void Expect(IReadOnlyList<Network> networks, string name)
    {
        ArgumentNullException.ThrowIfNull(networks, name);
        if (networks.Count == 0) throw new ArgumentException($"{name} is empty; expected at least one network.", name);
        for (int i = 0; i < networks.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(networks[i], name);
            if (!networks[0].HasGraphOf(networks[i])) throw new ArgumentException($"Network {i} has another graph than network 0; weights between them mean nothing.", name);
        }
    }

    private static void CheckPlace(double t, string name)
    {
        if (!(t >= 0 && t <= 1)) throw new ArgumentOutOfRangeException(name, t, $"{name} is {t}; expected a number in [0, 1].");
    }

    private static void CheckData(Network network, ReadOnlySpan<float> images, ReadOnlySpan<int> labels, ImageLayout layout)
    {
        network.CheckImages(images, labels.Length, layout);
        if (labels.IsEmpty) throw new ArgumentException("labels is empty; expected at least one sample.", nameof(labels));
        Check.Labels(labels, network.Outputs, nameof(labels));
    }
}
