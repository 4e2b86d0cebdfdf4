using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>A product for the text of <see cref="TensorProduct"/>: operands and arguments as the host makes them, and what is right.</summary>
internal sealed record TensorProductCase(int M, int N, int K)
{
    // Far from each other, and no 32 bits hold them.
    private const long AddressA = 0x7000_0000_0000, AddressB = 0x7100_0000_0000, AddressC = 0x7200_0000_0000;

    /// <summary>Elements of rows behind what they must have; a multiple of 4.</summary>
    public int Padding { get; init; }

    /// <summary>Inner blocks of a slice; 0 for all.</summary>
    public int SliceBlocks { get; init; }

    /// <summary>Slices; 0 for as many as there are blocks for.</summary>
    public int Slices { get; init; }

    public bool TransposeA { get; init; }

    public bool TransposeB { get; init; }

    /// <summary>Three products instead of one.</summary>
    public bool Split { get; init; }

    /// <summary>What is wrong with a program's product; null for nothing.</summary>
    public string? Fault(PtxProgram program, PtxCopies copies)
    {
        int blocks = (K + TensorProduct.Inner - 1) / TensorProduct.Inner, sliceBlocks = SliceBlocks > 0 ? SliceBlocks : blocks;
        int slices = Slices > 0 ? Slices : (blocks + sliceBlocks - 1) / sliceBlocks;
        int rowTiles = (M + TensorProduct.Tile - 1) / TensorProduct.Tile, columnTiles = (N + TensorProduct.Tile - 1) / TensorProduct.Tile;
        float[] a = Operand(1, TransposeA ? K : M, TransposeA ? M : K, out int ldA), b = Operand(2, TransposeB ? N : K, TransposeB ? K : N, out int ldB);
        int ldC = Quads(N) + Padding, stride = M * ldC;
        // Nothing behind the last row's last pair may be written.
        byte[] c = new byte[((slices * stride) - ldC + N + (N % 2)) * sizeof(float)];
        Array.Fill(c, byte.MaxValue);
        PtxMemory memory = new();
        memory.Add(AddressA, MemoryMarshal.AsBytes<float>(a).ToArray(), writable: false);
        memory.Add(AddressB, MemoryMarshal.AsBytes<float>(b).ToArray(), writable: false);
        memory.Add(AddressC, c, writable: true);
        TensorArguments arguments = new()
        {
            A = AddressA,
            B = AddressB,
            C = AddressC,
            M = M,
            N = N,
            K = K,
            LdA = ldA,
            LdB = ldB,
            LdC = ldC,
            ColumnTiles = columnTiles,
            Blocks = blocks,
            SliceBlocks = sliceBlocks,
            SliceStride = stride,
        };
        try
        {
            PtxGroup.Launch(program, rowTiles * columnTiles, slices, MemoryMarshal.AsBytes(new ReadOnlySpan<TensorArguments>(in arguments)).ToArray(), memory, copies);
        }
        catch (PtxFaultException e)
        {
            return $"{this}, copies {copies}: {e.Message}";
        }
        string? wrong = Gap(MemoryMarshal.Cast<byte, int>(c), ldC) ?? Wrong(a, ldA, b, ldB, MemoryMarshal.Cast<byte, float>(c), ldC, slices);
        return wrong is null ? null : $"{this}, copies {copies}: {wrong}";
    }

    private static int Quads(int n) => (n + 3) & ~3;

    /// <summary>NaN behind the rows, and nothing behind the last element.</summary>
    private float[] Operand(int seed, int rows, int columns, out int ld)
    {
        ld = Quads(columns) + Padding;
        float[] values = RandomFloats.Uniform(seed, ((rows - 1) * ld) + columns);
        for (int row = 0; row + 1 < rows; row++) values.AsSpan((row * ld) + columns, ld - columns).Fill(float.NaN);
        return values;
    }

    /// <summary>An odd number of columns has one more, which the host puts up with; others stay as they were.</summary>
    private string? Gap(ReadOnlySpan<int> c, int ldC)
    {
        for (int i = 0; i < c.Length; i++)
        {
            if (i % ldC >= N + (N % 2) && c[i] != -1) return $"row {i / ldC} was written at {i % ldC}";
        }
        return null;
    }

    private string? Wrong(float[] a, int ldA, float[] b, int ldB, ReadOnlySpan<float> c, int ldC, int slices)
    {
        // TF32 rounds each operand by 2⁻¹¹. Of three products 2⁻²² of each operand is left, and sums are rounded as those of fp32.
        double relative = Split ? Math.Pow(2, -21) + Tolerance.Gamma(K + 4) : Math.Pow(2, -10) + Tolerance.Gamma(K);
        for (int i = 0; i < M; i++)
        {
            for (int j = 0; j < N; j++)
            {
                double expected = 0, size = 0, sum = 0;
                for (int p = 0; p < K; p++)
                {
                    double term = (double)a[TransposeA ? (p * ldA) + i : (i * ldA) + p] * b[TransposeB ? (j * ldB) + p : (p * ldB) + j];
                    expected += term;
                    size += Math.Abs(term);
                }
                for (int s = 0; s < slices; s++) sum += c[(((s * M) + i) * ldC) + j];
                if (!(Math.Abs(sum - expected) <= relative * size)) return $"({i}, {j}) is {sum}, not {expected}";
            }
        }
        return null;
    }
}
