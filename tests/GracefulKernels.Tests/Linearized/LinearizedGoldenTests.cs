using System.Text.Json;

namespace GracefulKernels.Tests;

/// <summary>f0, JVP, VJP, Gauss–Newton products and the moved network against independent fp64 answers.</summary>
public abstract class LinearizedGoldenTests(KernelFamily family)
{
    private const string Family = "linearized";

    [Theory]
    [InlineData("mlp_leaky")]
    [InlineData("lenet_leaky")]
    [InlineData("resnet20_leaky_bn")]
    [InlineData("resnet20_leaky_folded")]
    public void AgreesWithFp64(string name)
    {
        JsonElement c = Golden.Manifest(Family).GetProperty("cases").EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
        JsonElement inputs = c.GetProperty("inputs"), expected = c.GetProperty("expected"), tolerance = c.GetProperty("tolerance").GetProperty("float32");
        float[] images = Golden.Floats(Family, inputs.GetProperty("images")), r = Golden.Floats(Family, inputs.GetProperty("r"));
        int[] shape = Golden.Shape(Family, inputs.GetProperty("images"));
        Network network = GoldenNetworks.Load(Family, c.GetProperty("parameters").GetProperty("architecture"), shape, inputs.GetProperty("w0"), family.Device);
        // Batches of 3 of 8 samples: whole ones and a smaller last.
        using var linear = new LinearizedNetwork(network, images, shape[0], ImageLayout.Nchw, new LinearizedOptions { BatchSize = 3 });
        using ParameterVector dw = GoldenNetworks.Vector(network, GoldenNetworks.Tensors(Family, inputs.GetProperty("dw")));
        double rtol = tolerance.GetProperty("jvp").GetProperty("rtol").GetDouble(), atol = tolerance.GetProperty("jvp").GetProperty("atol").GetDouble();
        double norm = tolerance.GetProperty("vjp").GetProperty("relative_norm").GetDouble();

        Tolerance.AssertClose(Golden.Array(Family, expected.GetProperty("f0")), linear.F0.Span, rtol, atol, "f0");
        float[] jvp = linear.Jvp(dw);
        Tolerance.AssertClose(Golden.Array(Family, expected.GetProperty("jvp")), jvp, rtol, atol, "jvp");
        using ParameterVector vjp = linear.Vjp(r);
        Tolerance.AssertRelativeNorm(GoldenNetworks.Flat(network, GoldenNetworks.Tensors(Family, expected.GetProperty("vjp"))), vjp.ToArray(), norm, "vjp");
        Assert.Equal(expected.GetProperty("inner_product").GetDouble(), vjp.Dot(dw), Math.Abs(expected.GetProperty("inner_product").GetDouble()) * 1e-4);
        foreach (JsonProperty p in expected.GetProperty("vjp_tensor_norms").EnumerateObject())
        {
            double have = Math.Sqrt(vjp.ToArray(p.Name).Sum(v => (double)v * v));
            // The file's own bound, tensor by tensor; the smallest tensors cancel most and get ten times it.
            Assert.True(Math.Abs(have - p.Value.GetDouble()) <= 10 * norm * p.Value.GetDouble(), $"‖vjp {p.Name}‖ = {have}, expected {p.Value.GetDouble()}");
        }
        using ParameterVector gaussNewton = linear.Vjp(jvp);
        // One more product behind the JVP: twice its rounding.
        Assert.True(Math.Abs(gaussNewton.Norm() - expected.GetProperty("gauss_newton_norm").GetDouble()) <= 2 * norm * gaussNewton.Norm());
        if (expected.TryGetProperty("gauss_newton", out JsonElement file))
        {
            Tolerance.AssertRelativeNorm(GoldenNetworks.Flat(network, GoldenNetworks.Tensors(Family, file)), gaussNewton.ToArray(), 2 * norm, "gauss_newton");
        }
        float[] moved = network.WithUpdate(dw).Predict(images, shape[0], ImageLayout.Nchw);
        Tolerance.AssertClose(Golden.Array(Family, expected.GetProperty("f_nonlinear")), moved, rtol, atol, "f_nonlinear");
        Tolerance.AssertSameBits(linear.F0.Span, network.Predict(images, shape[0], ImageLayout.Nchw, batchSize: 3), "predict");
    }
}

public sealed class LinearizedGoldenTestsOnCpu() : LinearizedGoldenTests(KernelFamily.Cpu);

public sealed class LinearizedGoldenTestsOnGpu() : LinearizedGoldenTests(KernelFamily.Gpu);
