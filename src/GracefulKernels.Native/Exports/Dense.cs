using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Products in fp32 and the two-sided apply.</summary>
internal static unsafe class Dense
{
    [UnmanagedCallersOnly(EntryPoint = "gk_gemm")]
    public static int Gemm(
        nint device, int transposeA, int transposeB, long m, long n, long k, float alpha, float* a, long lda, float* b, long ldb, float beta, float* c, long ldc)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int rows = Argument.Size(m, "m"), columns = Argument.Size(n, "n"), inner = Argument.Size(k, "k");
            Operand ofA = transposeA != 0 ? Operand.Matrix(a, k, m, lda, "a", "lda") : Operand.Matrix(a, m, k, lda, "a", "lda");
            Operand ofB = transposeB != 0 ? Operand.Matrix(b, n, k, ldb, "b", "ldb") : Operand.Matrix(b, k, n, ldb, "b", "ldb");
            Operand ofC = Operand.Matrix(c, m, n, ldc, "c", "ldc");
            ofC.Apart(ofA);
            ofC.Apart(ofB);
            var shape = new GemmShape(rows, columns, inner, transposeA != 0, transposeB != 0, (int)lda, (int)ldb, (int)ldc);
            use.Target.Kernels.Gemm(shape, alpha, ofA.Block<float>(), ofB.Block<float>(), beta, ofC.Block<float>(), default);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_syrk")]
    public static int Syrk(nint device, int transpose, long n, long k, float alpha, float* a, long lda, float beta, float* c, long ldc)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int order = Argument.Size(n, "n"), inner = Argument.Size(k, "k");
            Operand ofA = transpose != 0 ? Operand.Matrix(a, k, n, lda, "a", "lda") : Operand.Matrix(a, n, k, lda, "a", "lda");
            Operand ofC = Operand.Matrix(c, n, n, ldc, "c", "ldc");
            ofC.Apart(ofA);
            use.Target.Kernels.Syrk(transpose != 0, order, inner, alpha, ofA.Block<float>(), (int)lda, beta, ofC.Block<float>(), (int)ldc);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_kronecker_apply")]
    public static int KroneckerApply(nint device, long rows, long columns, float* left, float* right, float* v, float* workspace, float* y)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int m = Argument.Size(rows, "rows"), n = Argument.Size(columns, "columns");
            Operand ofLeft = Operand.Optional(left, m, m, "left"), ofRight = Operand.Matrix(right, n, n, "right");
            Operand ofV = Operand.Matrix(v, m, n, "v"), ofWorkspace = Operand.Optional(workspace, m, n, "workspace"), ofY = Operand.Matrix(y, m, n, "y");
            foreach (Operand input in (ReadOnlySpan<Operand>)[ofLeft, ofRight, ofV])
            {
                ofY.Apart(input);
                ofWorkspace.Apart(input);
            }
            ofWorkspace.Apart(ofY);
            if (m == 0 || n == 0) return 0;
            IKernels kernels = use.Target.Kernels;
            // Without L the kernels use none.
            using DeviceMemory? own = ofLeft.IsGiven && !ofWorkspace.IsGiven ? kernels.Allocate((long)m * n * sizeof(float)) : null;
            Block<float> between = own?.AsBlock<float>() ?? ofWorkspace.Block<float>();
            kernels.KroneckerApply(m, n, ofLeft.Block<float>(), ofRight.Block<float>(), ofV.Block<float>(), between, ofY.Block<float>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}
