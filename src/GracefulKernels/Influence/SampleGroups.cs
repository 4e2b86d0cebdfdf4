namespace GracefulKernels;

/// <summary>Samples that are left out together.</summary>
internal static class SampleGroups
{
    /// <summary>The members of each group, in the order in which groups first occur; each sample alone where <paramref name="groupOf"/> is empty.</summary>
    /// <exception cref="ArgumentException">There is not one number a sample.</exception>
    public static int[][] Of(ReadOnlySpan<int> groupOf, int samples)
    {
        if (groupOf.IsEmpty) return [.. Enumerable.Range(0, samples).Select(i => new[] { i })];
        Check.Length(groupOf.Length, samples, nameof(groupOf), "samples");
        var members = new Dictionary<int, List<int>>();
        for (int i = 0; i < samples; i++)
        {
            if (!members.TryGetValue(groupOf[i], out List<int>? group)) members.Add(groupOf[i], group = []);
            group.Add(i);
        }
        return [.. members.Values.Select(m => m.ToArray())];
    }

    /// <summary>The same samples in ascending order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="ArgumentException">There is none, one is there twice, or all are there.</exception>
    public static int[] Subset(ReadOnlySpan<int> chosen, int samples, string name)
    {
        CheckIndices(chosen, samples, name);
        if (chosen.Length == samples) throw new ArgumentException($"{name} has all {samples} samples; at least one must be left.", name);
        int[] sorted = chosen.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    /// <exception cref="ArgumentOutOfRangeException">An index is not that of a sample.</exception>
    /// <exception cref="ArgumentException">There is none, or one is there twice.</exception>
    public static void CheckIndices(ReadOnlySpan<int> chosen, int samples, string name)
    {
        if (chosen.IsEmpty) throw new ArgumentException($"{name} is empty; expected at least one sample.", name);
        bool[] seen = new bool[samples];
        for (int i = 0; i < chosen.Length; i++)
        {
            if ((uint)chosen[i] >= (uint)samples)
            {
                throw new ArgumentOutOfRangeException(name, chosen[i], $"{name}[{i}] is {chosen[i]}; expected a sample in [0, {samples}).");
            }
            if (seen[chosen[i]]) throw new ArgumentException($"{name} has sample {chosen[i]} twice.", name);
            seen[chosen[i]] = true;
        }
    }

    /// <summary>The rows (i, c) of J of some samples whose weight s is not zero: those without weight are not in the problem.</summary>
    public static int[] Rows(ReadOnlySpan<int> members, int outputs, ReadOnlySpan<float> weights)
    {
        var rows = new List<int>(members.Length * outputs);
        foreach (int i in members)
        {
            for (int c = 0; c < outputs; c++)
            {
                int row = (i * outputs) + c;
                if (weights.IsEmpty || weights[row] > 0) rows.Add(row);
            }
        }
        return [.. rows];
    }

    /// <summary>The weights s [n × C] with those of some samples set to zero: the problem without them, at the same n.</summary>
    public static float[] WeightsWithout(Targets targets, ReadOnlySpan<int> removed)
    {
        float[] weights = new float[targets.Values.Length];
        if (targets.Weights.IsEmpty) Array.Fill(weights, 1f);
        else targets.Weights.CopyTo(weights);
        foreach (int i in removed) weights.AsSpan(i * targets.Classes, targets.Classes).Clear();
        return weights;
    }
}
