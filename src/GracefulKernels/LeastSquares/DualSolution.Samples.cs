namespace GracefulKernels;

/// <summary>What the solution says of test samples.</summary>
public sealed partial class DualSolution
{
    /// <summary>
    /// The exact influence of every training sample on an output of a test sample: <c>q_iᵀ B_ii⁻¹ a_i</c> with <c>q = B·J·j/n</c>, j the gradient of that output. One VJP of the
    /// test sample and one JVP sweep over the training samples.
    /// </summary>
    /// <param name="image">One test sample.</param>
    /// <param name="output">The output, in [0, C).</param>
    /// <param name="labels">Of the training samples, for the ranking; where empty, the places of the largest targets.</param>
    /// <param name="layout">Order of the elements of the image.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The image does not fit the network, or labels do not fit the samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="output"/> is not one of the network's.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public InfluenceRanking Influence(
        ReadOnlySpan<float> image, int output, ReadOnlySpan<int> labels = default, ImageLayout layout = ImageLayout.Nhwc, CancellationToken cancellation = default)
    {
        LinearizedNetwork network = System.Gram.Network;
        OutputGradients.CheckOutput(output, System.Outputs);
        using ParameterVector j = OutputGradients.Of(network.Network, image, output, layout);
        double[] q = ApplyInverse(Kernel(network.Jvp(j, cancellation))), residuals = Residuals(SampleGroups.Of(default, System.Samples), alone: true);
        double[] influence = new double[System.Samples];
        for (int row = 0; row < q.Length; row++) influence[row / System.Outputs] += q[row] * residuals[row] / System.Samples;
        return new InfluenceRanking(output, influence, null, System.Targets, labels);
    }

    /// <summary>
    /// The predictive covariance <c>σ² J M Jᵀ</c> of the outputs of test samples, [samples × C × C], as <c>(k_tt − k_tᵀ B k_t/n)·σ²/(nλ)</c>: that of ridge regression with noise σ² and the prior
    /// d ~ N(0, σ²/(nλ) I). The difference loses <c>1e-6·k_tt/(nλ)</c> to the fp32 of k_t; at small λ <see cref="SolvedProblem.PredictiveVariance"/> is more exact.
    /// </summary>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="samples">Test samples.</param>
    /// <param name="noiseVariance">σ².</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">The images do not fit the network.</exception>
    /// <exception cref="InvalidOperationException">λ is 0.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public double[] PredictiveVariance(
        ReadOnlySpan<float> images, int samples, double noiseVariance = 1, ImageLayout layout = ImageLayout.Nhwc, CancellationToken cancellation = default)
    {
        LinearizedNetwork network = System.Gram.Network;
        network.Network.CheckImages(images, samples, layout);
        _ = Check.NonNegative(noiseVariance, nameof(noiseVariance));
        if (Lambda == 0) throw new InvalidOperationException("λ is 0: parameters that the data do not determine have no finite variance.");
        int outputs = System.Outputs, size = network.Network.InputShape.Elements;
        double[] variance = new double[(long)samples * outputs * outputs];
        for (int s = 0; s < samples; s++)
        {
            ParameterVector[] gradients = OutputGradients.Of(network.Network, images.Slice(s * size, size), layout);
            double[][] kernels = [.. gradients.Select(g => Kernel(network.Jvp(g, cancellation)))], solved = [.. kernels.Select(ApplyInverse)];
            for (int a = 0; a < outputs; a++)
            {
                for (int b = 0; b <= a; b++)
                {
                    double v = gradients[a].Dot(gradients[b]) - (HostMatrix.Dot(kernels[a], solved[b]) / System.Samples);
                    v *= noiseVariance / (System.Samples * Lambda);
                    variance[(((s * outputs) + a) * outputs) + b] = variance[(((s * outputs) + b) * outputs) + a] = v;
                }
            }
            foreach (ParameterVector g in gradients) g.Dispose();
        }
        return variance;
    }

    /// <summary>Rows scaled by √s.</summary>
    private double[] Kernel(float[] image)
    {
        double[] k = new double[image.Length];
        for (int i = 0; i < k.Length; i++) k[i] = System.Root(i) * image[i];
        return k;
    }
}
