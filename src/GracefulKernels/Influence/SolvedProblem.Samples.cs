namespace GracefulKernels;

/// <summary>What the solution says of test samples.</summary>
public sealed partial class SolvedProblem
{
    /// <summary>
    /// The influence of every training sample on an output of a test sample, by one solve and one JVP sweep: to first order, <c>J_test M J_iᵀ e_i</c>, and exactly, with the leverage
    /// <c>(I − J_i M J_iᵀ)⁻¹</c>, for those whose first-order influence is largest, by C solves each.
    /// </summary>
    /// <param name="image">One test sample.</param>
    /// <param name="output">The output, in [0, C).</param>
    /// <param name="exact">Samples of the largest first-order influence, either sign, that are made exact.</param>
    /// <param name="labels">Of the training samples, for the ranking; where empty, the places of the largest targets.</param>
    /// <param name="layout">Order of the elements of the image.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The image does not fit the network, or labels do not fit the samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="output"/> is not one of the network's, or <paramref name="exact"/> is negative.</exception>
    /// <exception cref="ArithmeticException">A solve does not converge.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public InfluenceRanking Influence(
        ReadOnlySpan<float> image,
        int output,
        int exact = 0,
        ReadOnlySpan<int> labels = default,
        ImageLayout layout = ImageLayout.Nhwc,
        CancellationToken cancellation = default)
    {
        OutputGradients.CheckOutput(output, Outputs);
        ArgumentOutOfRangeException.ThrowIfNegative(exact);
        float[] seen = new float[_fitted.Length];
        using (ParameterVector j = OutputGradients.Of(Network.Network, image, output, layout))
        using (var x = new DeviceFloats(Kernels, j.Block.Length))
        {
            _ = _solver.Solve(j.Block, x.Block, _seeds.Block, fromZero: true, cancellation);
            Kernels.Download(_seeds.Block, seen.AsSpan());
            GC.KeepAlive(j);
        }
        double[] influence = new double[Network.Samples];
        for (int row = 0; row < seen.Length; row++) influence[row / Outputs] += (double)Root(row) * seen[row] * _residuals[row] / Network.Samples;
        bool[] isExact = new bool[influence.Length];
        foreach (int i in Enumerable.Range(0, influence.Length).OrderByDescending(i => Math.Abs(influence[i])).ThenBy(i => i).Take(exact))
        {
            using RowSolves solves = Solve([i], keepImages: false, cancellation);
            int[] rows = SampleGroups.Rows([i], Outputs, Problem.Targets.Weights.Span);
            influence[i] = 0;
            for (int k = 0; k < rows.Length; k++) influence[i] += (double)Root(rows[k]) * seen[rows[k]] * solves.LeftOut[k] / Network.Samples;
            isExact[i] = true;
        }
        return new InfluenceRanking(output, influence, isExact, Problem.Targets, labels);
    }

    /// <summary>
    /// The predictive covariance <c>σ² J M Jᵀ</c> of the outputs of test samples, [samples × C × C], by C solves a sample: that of ridge regression with noise σ² and the prior
    /// d ~ N(0, σ²/(nλ) I).
    /// </summary>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="samples">Test samples.</param>
    /// <param name="noiseVariance">σ².</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The images do not fit the network.</exception>
    /// <exception cref="ArithmeticException">A solve does not converge.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public double[] PredictiveVariance(
        ReadOnlySpan<float> images, int samples, double noiseVariance = 1, ImageLayout layout = ImageLayout.Nhwc, CancellationToken cancellation = default)
    {
        Network.Network.CheckImages(images, samples, layout);
        _ = Check.NonNegative(noiseVariance, nameof(noiseVariance));
        int size = Network.Network.InputShape.Elements;
        double[] variance = new double[(long)samples * Outputs * Outputs];
        var solutions = new DeviceFloats[Outputs];
        var seen = new DeviceFloats[Outputs];
        try
        {
            for (int c = 0; c < Outputs; c++)
            {
                solutions[c] = new DeviceFloats(Kernels, Update.Block.Length);
                seen[c] = new DeviceFloats(Kernels, _fitted.Length);
            }
            for (int s = 0; s < samples; s++)
            {
                ParameterVector[] gradients = OutputGradients.Of(Network.Network, images.Slice(s * size, size), layout);
                for (int c = 0; c < Outputs; c++)
                {
                    Kernels.Zero(solutions[c].Block);
                    _ = _solver.Solve(gradients[c].Block, solutions[c].Block, seen[c].Block, fromZero: true, cancellation);
                    if (_roots is not null) Kernels.Multiply(seen[c].Block, _roots.Block, seen[c].Block);
                }
                for (int a = 0; a < Outputs; a++)
                {
                    for (int b = 0; b <= a; b++)
                    {
                        // v_aᵀH⁻¹v_b from both sides: v_aᵀx_b + x_aᵀv_b − x_aᵀHx_b.
                        double energy = (Kernels.Dot(seen[a].Block, seen[b].Block) / Network.Samples)
                            + (Problem.Lambda * Kernels.Dot(solutions[a].Block, solutions[b].Block));
                        double v = Kernels.Dot(gradients[a].Block, solutions[b].Block) + Kernels.Dot(solutions[a].Block, gradients[b].Block) - energy;
                        v *= noiseVariance / Network.Samples;
                        variance[(((s * Outputs) + a) * Outputs) + b] = variance[(((s * Outputs) + b) * Outputs) + a] = v;
                    }
                }
                foreach (ParameterVector g in gradients) g.Dispose();
            }
        }
        finally
        {
            foreach (DeviceFloats? x in solutions) x?.Dispose();
            foreach (DeviceFloats? x in seen) x?.Dispose();
        }
        return variance;
    }
}
