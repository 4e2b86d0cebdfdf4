using System.Numerics.Tensors;

namespace GracefulKernels.Tests.Interop;

/// <summary>
/// A matrix [rows × columns] in memory that no .NET object owns, rows <c>ld</c> elements apart, against a page that may not be touched: what a trainer in another language holds. Gaps are NaN.
/// </summary>
internal sealed unsafe class PaddedMatrix : IDisposable
{
    private readonly GuardedBuffer<float> _memory;
    private readonly int _rows, _columns, _ld;

    public PaddedMatrix(ReadOnlySpan<float> values, int rows, int columns, int ld, bool guardBefore = false)
    {
        (_rows, _columns, _ld) = (rows, columns, ld);
        _memory = new GuardedBuffer<float>(((rows - 1L) * ld) + columns, guardBefore);
        _memory.Span.Fill(float.NaN);
        for (int r = 0; r < rows && !values.IsEmpty; r++) values.Slice(r * columns, columns).CopyTo(_memory.Span[(r * ld)..]);
    }

    public float* Pointer => _memory.Pointer;

    public TensorSpan<float> Tensor => ForeignTensor.AsWritable(Pointer, [_rows, _columns], [_ld, 1]);

    public ReadOnlyTensorSpan<float> ReadOnly => ForeignTensor.AsReadOnly(Pointer, [_rows, _columns], [_ld, 1]);

    /// <summary>[columns × rows], the first stride 1.</summary>
    public TensorSpan<float> Transposed => ForeignTensor.AsWritable(Pointer, [_columns, _rows], [1, _ld]);

    /// <summary>The elements, read through the pointer; fails where something was written between the rows or outside.</summary>
    public float[] Values()
    {
        _memory.AssertUntouchedOutside();
        float[] values = new float[_rows * _columns];
        for (int r = 0; r < _rows; r++)
        {
            for (int c = 0; c < _ld && (r * _ld) + c < _memory.Length; c++)
            {
                float value = Pointer[(r * _ld) + c];
                if (c < _columns) values[(r * _columns) + c] = value;
                else Assert.True(float.IsNaN(value), $"between rows {r} and {r + 1} something was written");
            }
        }
        return values;
    }

    public void Dispose() => _memory.Dispose();
}
