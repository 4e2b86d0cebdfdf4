using System.Reflection;
using System.Reflection.Emit;
using GracefulKernels.Cli.Bench;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

public class BenchCasesTests
{
    private static readonly MachineCeilings Machine = new("avx512", 1, 200, 100, 40, 35, 50, 240, 12);

    [Fact]
    public void EveryRoomOfTheTableIsThere()
        => Assert.Equal(["gemm", "syrk", "conv", "covariance", "cholesky", "eigen", "kronecker", "rowloss", "linear", "flips", "search", "vector", "lqf"], CaseList.Rooms);

    /// <summary>
    /// Operations without a row of their own: memory; layers, which run in the rows of lqf; and what costs little beside what it stands next to. A new operation does not belong here.
    /// </summary>
    private static readonly string[] Unmeasured =
    [
        "Add", "Allocate", "Argmax", "ChannelAffine", "ChannelAffineGradient", "ChannelAffinePair", "CholeskySolve", "ColumnSum", "Damp", "Download", "FlipsFromPredictions", "GemmPair", "GlobalMean", "GlobalMeanAdjoint",
        "MaxPool", "MaxPoolGather", "MaxPoolScatter", "MeanPool", "MeanPoolAdjoint", "Multiply", "Narrow", "PackCorrect", "PackPredictions", "PairwiseDiffer", "Shortcut", "ShortcutAdjoint",
        "Trace", "Upload", "Widen", "Zero",
    ];

    /// <summary>The operations are read from the contract, what the cases call from their code: an operation without a benchmark fails here.</summary>
    [Fact]
    public void EveryOperationOfTheContractHasACase()
    {
        string[] contract = [.. typeof(IKernels).GetMethods().Where(m => !m.IsSpecialName).Select(m => m.Name).Distinct()];
        Type[] files = [.. CaseList.All.Concat(DeviceCases.All).Select(c => Outermost(c.Prepare.Method.DeclaringType!)).Distinct()];
        string[] called = [.. files.SelectMany(f => f.GetNestedTypes(BindingFlags.NonPublic).Prepend(f)).SelectMany(KernelCalls).Distinct()];
        Assert.Equal("", string.Join(", ", contract.Except(called).Except(Unmeasured)));
        // Neither is the list longer than it has to be.
        Assert.Equal("", string.Join(", ", Unmeasured.Intersect(called).Concat(Unmeasured.Except(contract))));

        static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
    }

    [Fact]
    public void TitlesAreUnique() => Assert.Empty(CaseList.All.GroupBy(c => c.Title).Where(g => g.Count() > 1).Select(g => g.Key));

    [Fact]
    public void EveryRoomHasAQuickRow()
        => Assert.Equal(CaseList.Rooms, CaseList.Select(null, quick: true).Select(c => c.Room).Distinct());

    [Fact]
    public void EveryCaseCountsOperationsAndBytes()
        => Assert.All(CaseList.All, c => Assert.True(c.Work is { Flops: > 0, BytesRead: > 0, BytesWritten: >= 0 }, c.Title));

    [Theory]
    [InlineData("gemm-nn 2048x2048x2048", "Fma")]
    [InlineData("gemm-tall 1000000x16x16", "Copy")]
    [InlineData("cholesky-factor 2304", "Fma")]
    [InlineData("rowloss-ce 32768x1000", "Copy")]
    [InlineData("flips-logits 16384x1000", "Read")]
    [InlineData("flips-pairwise 64x1000000", "L2")]
    [InlineData("vector-dot 11000000", "Read")]
    [InlineData("vector-axpy 11000000", "Copy")]
    public void TheCeilingIsTheOneThatTakesLongest(string title, string ceiling)
        => Assert.Equal(ceiling, CaseList.All.Single(c => c.Title == title).Work.Bound(Machine).Kind.ToString());

    [Fact]
    public void ExponentialsLimitWhereTheyTakeLongest()
    {
        // 10⁹ exponentials at 12 G/s, 83 ms; 12·10⁸ bytes at 50 GB/s, 24 ms.
        WorkCount work = new() { Flops = 1e9, Exps = 1e9, BytesRead = 8e8, BytesWritten = 4e8 };
        (CeilingKind kind, double seconds) = work.Bound(Machine);
        Assert.Equal(CeilingKind.Exp, kind);
        Assert.Equal(1 / 12.0, seconds, 1e-12);
    }

    [Fact]
    public void Fp64HasItsOwnPeak()
    {
        WorkCount work = new() { Flops = 1e9, BytesRead = 1, Fp64 = true };
        Assert.Equal(1e9 / 100e9, work.Bound(Machine).Seconds, 1e-15);
    }

    /// <summary>Every quick case runs on the best set, and its results are finite and not all zeros.</summary>
    [Fact]
    public void TheQuickCasesRun()
    {
        IKernels kernels = KernelSetCases.Get(KernelSets.Best);
        foreach (BenchCase bench in CaseList.Select(null, quick: true))
        {
            using Operands operands = new(kernels);
            bench.Prepare(kernels, operands);
            operands.Reset?.Invoke();
            operands.Run();
            Assert.True(operands.Fault() is null, $"{bench.Title}: {operands.Fault()}");
        }
    }

    [Theory]
    [InlineData("gemm*", "gemm-nn 8x8x8", true)]
    [InlineData("gemm*", "syrk gemm", false)]
    [InlineData("GEMM-??  *", "gemm-nn 8x8x8", false)]
    [InlineData("*1024*", "gemm-nn 1024x1024x1024", true)]
    [InlineData("conv", "conv-jvp 1", true)]
    [InlineData("a+b", "aab", false)]
    [InlineData("3x3/1", "conv-jvp 16x14x14x256-3x3/1-256", true)]
    public void GlobsMatchWholeTitles(string pattern, string title, bool matches) => Assert.Equal(matches, new Glob(pattern).IsMatch(title));

    /// <summary>Names of the contract's methods that a type's code calls: the tokens behind the opcodes of calls.</summary>
    private static IEnumerable<string> KernelCalls(Type type)
    {
        const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        foreach (MethodBase method in type.GetMembers(Own).OfType<MethodBase>())
        {
            byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
            for (int i = 0; i + 5 <= code.Length; i++)
            {
                if (code[i] == OpCodes.Callvirt.Value && Called(method, BitConverter.ToInt32(code, i + 1)) is { } name) yield return name;
            }
        }
    }

    /// <summary>The contract's method of a token; null for what is another or none: a byte like the opcode's may be anything.</summary>
    private static string? Called(MethodBase caller, int token)
    {
        try
        {
            MethodBase? called = caller.Module.ResolveMethod(token, caller.DeclaringType!.GetGenericArguments(), caller.IsGenericMethod ? caller.GetGenericArguments() : null);
            return called?.DeclaringType == typeof(IKernels) ? called.Name : null;
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or MissingMethodException)
        {
            return null;
        }
    }
}
