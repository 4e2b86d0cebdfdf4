namespace GracefulKernels;

/// <summary>Gradients of the outputs of one sample with respect to the parameters: its rows of J.</summary>
internal static class OutputGradients
{
    public static void CheckOutput(int output, int outputs)
    {
        if ((uint)output >= (uint)outputs) throw new ArgumentOutOfRangeException(nameof(output), output, $"output is {output}; expected one in [0, {outputs}).");
    }

    /// <summary>Of one output.</summary>
    public static ParameterVector Of(Network network, ReadOnlySpan<float> image, int output, ImageLayout layout)
    {
        using var one = new LinearizedNetwork(network, image, 1, layout, new LinearizedOptions { BatchSize = 1 });
        return Row(one, output);
    }

    /// <summary>Of all outputs.</summary>
    public static ParameterVector[] Of(Network network, ReadOnlySpan<float> image, ImageLayout layout)
    {
        using var one = new LinearizedNetwork(network, image, 1, layout, new LinearizedOptions { BatchSize = 1 });
        return [.. Enumerable.Range(0, network.Outputs).Select(c => Row(one, c))];
    }

    private static ParameterVector Row(LinearizedNetwork one, int output)
    {
        float[] seed = new float[one.Outputs];
        seed[output] = 1;
        return one.Vjp(seed);
    }
}
