using System.Runtime.InteropServices;

namespace GracefulKernels.Tests;

/// <summary>C programs against the library, as they are and under valgrind's memcheck.</summary>
[Collection(NativeTests.Name)]
public sealed class NativeProgramTests
{
    private const int Samples = 5;

    /// <summary>Every instruction set of both files, and the bits of one are those of all.</summary>
    [Fact]
    public void KernelsAreThePlainLoopsWithTheSameBitsOnEverySet()
    {
        using var program = new NativeProgram("kernels");
        string[] v4 = ComputeDevice.SupportedSimd.Contains(SimdLevel.Avx512) ? ["avx512", "avx2", "vector128"] : [];
        List<string> bits = [];
        foreach ((string level, string simd) in v4.Select(s => ("v4", s)).Concat([("v3", "avx2"), ("v3", "vector128")]))
        {
            string[] lines = program.ExecuteOn(level, simd, "far").Split('\n');
            Assert.Equal($"cpu ({simd}, 2 threads)", lines[0]);
            bits.Add(lines[1]);
        }
        Assert.Equal(16, bits[0].Length);
        Assert.All(bits, b => Assert.Equal(bits[0], b));
    }

    [Fact]
    public void KernelsPassMemcheck()
    {
        using var program = new NativeProgram("kernels");
        program.ExecuteUnderMemcheck("best");
    }

    [Fact]
    public void RefusesBadInput()
    {
        using var program = new NativeProgram("refuse");
        using TemporaryFolder folder = new();
        using ComputeDevice device = ComputeDevice.Cpu(threads: 1);
        string network = folder.File("network.onnx");
        RandomNetworks.Residual(3, device).SaveOnnx(network);
        program.Execute(network, folder);
        program.ExecuteUnderMemcheck(network, folder);
    }

    [Fact]
    public void GoldenAnswers()
    {
        using TemporaryFolder folder = new();
        int cases = NativeGoldenCases.Write(folder.File("cases"));
        Assert.True(cases > 100, $"{cases} cases");
        using var program = new NativeProgram("golden");
        Assert.Equal($"{cases}", program.Execute(folder.File("cases")).Trim());
        int small = NativeGoldenCases.Write(folder.File("small"), mostElements: 4000);
        Assert.True(small > 50, $"{small} cases");
        Assert.Equal($"{small}", program.ExecuteUnderMemcheck(folder.File("small")).Trim());
    }

    [Fact]
    public void AnUpdateHasTheManagedLibrarysBits()
    {
        using var program = new NativeProgram("update");
        using TemporaryFolder folder = new();
        using ComputeDevice device = ComputeDevice.Cpu(threads: 2);
        string path = folder.File("network.onnx"), input = folder.File("input"), output = folder.File("output");
        RandomNetworks.Residual(5, device).SaveOnnx(path);
        Network network = Network.Load(path, new OnnxOptions { Relu = ReluPolicy.Leaky(0.2f) }, device);
        float[] images = RandomNetworks.Normal(Samples * network.InputShape.Elements, 6), update = RandomNetworks.Normal((int)network.Parameters.Count, 7);
        float[] cotangent = RandomNetworks.Normal(Samples * network.Outputs, 8);
        int[] labels = [.. Enumerable.Range(0, Samples).Select(i => i % network.Outputs)];
        File.WriteAllBytes(input, [.. BitConverter.GetBytes((long)Samples), .. Bytes(images), .. MemoryMarshal.AsBytes<int>(labels).ToArray(), .. Bytes(update), .. Bytes(cotangent)]);
        byte[] expected = Managed(network, images, labels, update, cotangent);

        Directory.CreateDirectory(output);
        program.Execute(path, input, output, "2");
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(output, "results")));
        LinearizedModel saved = LinearizedModel.LoadFolder(Path.Combine(output, "model"), device);
        Assert.Equal(network.Parameters.Count, saved.Update.Layout.Count);
        Assert.Equal(Samples, KroneckerFactors.Load(Path.Combine(output, "factors.safetensors")).Samples);

        File.Delete(Path.Combine(output, "results"));
        program.ExecuteOn("v3", path, input, output, "3");
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(output, "results")));
        // memcheck runs one thread at a time: a second one would spin while it waits.
        program.ExecuteUnderMemcheck(path, input, output, "1");
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(output, "results")));
    }

    /// <summary>What update.c writes, in its order.</summary>
    private static byte[] Managed(Network network, float[] images, int[] labels, float[] update, float[] cotangent)
    {
        var results = new List<byte>();
        results.AddRange(Bytes(network.Predict(images, Samples)));
        using var linearized = new LinearizedNetwork(network, images, Samples);
        using (ParameterVector d = ParameterVector.FromArray(network.Parameters, network.Device, update)) results.AddRange(Bytes(linearized.Jvp(d)));
        using (ParameterVector g = linearized.Vjp(cotangent)) results.AddRange(Bytes(g.ToArray()));

        KroneckerFactors factors = KroneckerFactors.Compute(linearized);
        using var preconditioner = new KroneckerPreconditioner(factors, 1e-2, network.Parameters, network.Device);
        using var problem = new LinearQuadraticProblem(linearized, Targets.OneHot(labels, network.Outputs), 1e-2);
        SolverResult solved = Pcg.Solve(problem, new PcgOptions { Tolerance = 1e-3 }, preconditioner);
        results.AddRange(BitConverter.GetBytes(solved.Loss));
        results.AddRange(Bytes(solved.Update.ToArray()));
        float[] old = new LinearizedModel(network, solved.Update).Predict(images, Samples);
        results.AddRange(Bytes(old));

        using var kept = new LinearQuadraticProblem(linearized, Targets.PositiveCongruent(labels, old, new PositiveCongruentOptions { LambdaPc = 4 }), 1e-2);
        results.AddRange(Bytes(new LinearizedModel(network, Pcg.Solve(kept, new PcgOptions { Tolerance = 1e-3, MaxIterations = 10 }).Update).Predict(images, Samples)));

        results.AddRange(Bytes(network.WithRidgeHead(images, labels, network.Outputs, new RidgeHeadOptions { Lambda = 0.1 }).Network.Predict(images, Samples)));
        using FineTuned tuned = FineTuner.Fit(network, images, labels, new FineTuneOptions { Classes = network.Outputs });
        results.AddRange(Bytes(tuned.Model.Predict(images, Samples)));
        return [.. results];
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
