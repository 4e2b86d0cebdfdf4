using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Cholesky in fp64.</summary>
internal static unsafe class Cholesky
{
    [UnmanagedCallersOnly(EntryPoint = "gk_potrf")]
    public static int Factor(nint device, long n, double* a, long lda, long* pivot)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int order = Argument.Size(n, "n");
            Operand ofA = Operand.Matrix(a, n, n, lda, "a", "lda");
            Operand.Optional(pivot, 1, "pivot").Apart(ofA);
            int bad = use.Target.Kernels.CholeskyFactor(order, ofA.Block<double>(), (int)lda);
            if (pivot != null) *pivot = bad;
            if (bad >= 0) throw new CallException(Status.NotPositiveDefinite, $"a (n = {n}) is not positive definite: pivot {bad}.");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_potri")]
    public static int Invert(nint device, long n, double* a, long lda)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int order = Argument.Size(n, "n");
            Operand ofA = Operand.Matrix(a, n, n, lda, "a", "lda");
            CheckFactor(a, order, lda);
            use.Target.Kernels.CholeskyInverse(order, ofA.Block<double>(), (int)lda);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_potrs")]
    public static int Solve(nint device, long n, double* a, long lda, long columns, double* b, long ldb)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int order = Argument.Size(n, "n"), sides = Argument.Size(columns, "columns");
            Operand ofA = Operand.Matrix(a, n, n, lda, "a", "lda"), ofB = Operand.Matrix(b, n, columns, ldb, "b", "ldb");
            ofB.Apart(ofA);
            CheckFactor(a, order, lda);
            use.Target.Kernels.CholeskySolve(order, ofA.Block<double>(), (int)lda, sides, ofB.Block<double>(), (int)ldb);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary>The diagonal of what potrf leaves when it succeeds is positive and finite.</summary>
    private static void CheckFactor(double* a, int n, long lda)
    {
        for (int i = 0; i < n; i++)
        {
            double pivot = a[(i * lda) + i];
            if (!(pivot > 0) || double.IsInfinity(pivot))
            {
                throw CallException.Argument($"a[{i}, {i}] is {pivot}; a Cholesky factor [{n} x {n}] has a positive diagonal.");
            }
        }
    }
}
