using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public abstract class SymmetricEigenTests(KernelFamily family)
{
    public static TheoryData<string> Kinds => [.. EigenCase.Kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKindOfMatrix(string kind)
    {
        int[] orders = family.IsCpu ? [1, 2, 3, 5, 17, 31, 34, 64, 65, 100, 145] : [1, 2, 3, 17, 34];
        foreach (int n in orders)
        {
            double[] a = EigenCase.Kinds[kind](n);
            (double[] values, double[] vectors) = Run(n, a, $"{kind} {n}");
            EigenCase.Check(n, a, values, vectors, $"{kind} {n}");
            if (n < 70) EigenCase.CheckValues(n, a, values, $"{kind} {n}");
        }
    }

    [Fact]
    public void EveryOrderTo66()
    {
        for (int n = 0; n <= 66; n++)
        {
            if (!family.IsCpu && n % 9 > 1) continue;
            double[] a = EigenCase.Kinds["uniform"](n);
            (double[] values, double[] vectors) = Run(n, a, $"n = {n}");
            EigenCase.Check(n, a, values, vectors, $"n = {n}");
            EigenCase.CheckValues(n, a, values, $"n = {n}");
        }
    }

    [Theory]
    [InlineData("uniform", 257)]
    [InlineData("covariance", 289)]
    [InlineData("uniform", 577)]
    [InlineData("glued Wilkinson", 385)]
    [InlineData("clustered", 300)]
    [InlineData("Toeplitz", 501)]
    public void LargeOrders(string kind, int n)
    {
        if (!family.IsCpu) n = Math.Min(n / 4, 100);
        double[] a = EigenCase.Kinds[kind](n), values = new double[n], vectors = [.. a];
        Fixed(family.Best, n, vectors, values);
        EigenCase.Check(n, a, values, vectors, $"{kind} {n}");
    }

    /// <summary>An order with several panels, levels and chunks: the same bits on every set and number of threads.</summary>
    [Theory]
    [InlineData("uniform", 420)]
    [InlineData("glued Wilkinson", 330)]
    public void LargeOrdersEverywhere(string kind, int n)
    {
        if (!family.IsCpu) n = 70;
        double[] a = EigenCase.Kinds[kind](n);
        (double[] values, double[] vectors) = Run(n, a, $"{kind} {n}");
        EigenCase.Check(n, a, values, vectors, $"{kind} {n}");
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 1)]
    [InlineData(5, 33)]
    [InlineData(3, 70)]
    [InlineData(7, 12)]
    public void ABatchIsItsMatricesOneByOne(int count, int n)
    {
        int stride = (n * n) + 2;
        double[] all = new double[((count - 1) * stride) + (n * n)];
        double[][] alone = [.. Enumerable.Range(0, count).Select(i => SymmetricMatrix.PositiveDefinite(n, i))];
        Array.Fill(all, double.NaN);
        for (int i = 0; i < count; i++) alone[i].CopyTo(all, i * stride);
        double[] allValues = family.Run(new double[count * n], (k, values) =>
        {
            using var buffer = new GuardedBuffer<double>(all);
            k.SymmetricEigenBatch(count, n, buffer.Block, stride, values);
        });
        double[] vectors = family.Run(all, (k, a) =>
        {
            using var values = new GuardedBuffer<double>(count * n);
            k.SymmetricEigenBatch(count, n, a, stride, values.Block);
        });
        for (int i = 0; i < count; i++)
        {
            double[] values = new double[n];
            Fixed(family.Best, n, alone[i], values);
            Everywhere.AssertSame<double>(values, allValues.AsSpan(i * n, n), $"values of matrix {i}");
            Everywhere.AssertSame<double>(alone[i], vectors.AsSpan(i * stride, n * n), $"vectors of matrix {i}");
            if (i < count - 1) Assert.All(vectors[((i * stride) + (n * n))..((i + 1) * stride)], v => Assert.True(double.IsNaN(v)));
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void WhatIsNotFiniteMakesAllOfItNaN(double bad)
    {
        foreach (int n in new[] { 1, 9, 40 })
        {
            double[] a = EigenCase.Kinds["uniform"](n);
            a[((n - 1) * n) + (n / 2)] = bad;
            (double[] values, double[] vectors) = Run(n, a, $"{bad}");
            Assert.All(values, v => Assert.True(double.IsNaN(v)));
            Assert.All(vectors, v => Assert.True(double.IsNaN(v)));
        }
    }

    [Fact]
    public void NothingIsAllocatedAfterTheFirstCall()
    {
        if (!family.IsCpu) return;
        double[] a = EigenCase.Kinds["covariance"](130), values = new double[130];
        double[] first = [.. a], second = [.. a];
        // One thread: which of several takes a chunk first, and so grows its scratch memory, is left open.
        IKernels kernels = KernelSetCases.Get(KernelSets.Best, 1);
        Fixed(kernels, 130, first, values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fixed(kernels, 130, second, values);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private (double[] Values, double[] Vectors) Run(int n, double[] a, string what)
    {
        double[] values = family.Run(new double[n], (k, o) =>
        {
            using var buffer = new GuardedBuffer<double>(a);
            k.SymmetricEigen(n, buffer.Block, o);
        }, what, everyCount: n > 64);
        double[] vectors = family.Run(a, (k, o) =>
        {
            using var found = new GuardedBuffer<double>(n);
            k.SymmetricEigen(n, o, found.Block);
        }, what, everyCount: n > 64);
        return (values, vectors);
    }

    private static unsafe void Fixed(IKernels kernels, int n, double[] a, double[] values)
    {
        fixed (double* pa = a, pv = values) kernels.SymmetricEigen(n, new Block<double>(pa, a.Length), new Block<double>(pv, n));
    }
}

public sealed class SymmetricEigenTestsOnCpu() : SymmetricEigenTests(KernelFamily.Cpu);

public sealed class SymmetricEigenTestsOnGpu() : SymmetricEigenTests(KernelFamily.Gpu);
