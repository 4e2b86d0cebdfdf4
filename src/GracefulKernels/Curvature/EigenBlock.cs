namespace GracefulKernels;

/// <summary>
/// The factors of one block in their own bases: <c>A = U_A diag(s_A) U_Aᵀ</c> and, where the block is <c>G ⊗ A</c>, <c>G = U_G diag(s_G) U_Gᵀ</c>. In the basis
/// <c>U_Gᵀ V U_A</c> of a matrix V of parameters the approximation is diagonal: <c>s_G s_Aᵀ</c>. Eigenvalues ascend; none is negative.
/// </summary>
public sealed class EigenBlock : ParameterBlock
{
    private readonly double[] _inputValues;
    private readonly double[]? _outputValues;

    internal EigenBlock(ParameterBlock block, double[] inputValues, double[] inputVectors, double[]? outputValues, double[]? outputVectors) : base(block)
    {
        _inputValues = inputValues;
        InputVectors = inputVectors;
        _outputValues = outputValues;
        OutputVectors = outputVectors;
    }

    internal EigenBlock(
        BlockHeader header, int columns, double[] inputValues, double[] inputVectors, double[]? outputValues, double[]? outputVectors)
        : base(header.Name, header.Rows, columns, header.Weight, header.Bias)
    {
        _inputValues = inputValues;
        InputVectors = inputVectors;
        _outputValues = outputValues;
        OutputVectors = outputVectors;
    }

    /// <summary>Whether there is an output factor; without one the block is exact.</summary>
    public bool HasOutputFactor => _outputValues is not null;

    /// <summary>s_A, [columns].</summary>
    public ReadOnlyMemory<double> InputEigenvalues => _inputValues;

    /// <summary>s_G, [rows]; empty for an exact block.</summary>
    public ReadOnlyMemory<double> OutputEigenvalues => _outputValues;

    /// <summary>U_Aᵀ, [columns × columns]: a row an eigenvector.</summary>
    internal double[] InputVectors { get; }

    /// <summary>U_Gᵀ, [rows × rows]; null for an exact block.</summary>
    internal double[]? OutputVectors { get; }

    /// <summary><c>s_G s_Aᵀ</c>, [rows × columns]; s_A in each row of an exact block.</summary>
    public double[] Curvature()
    {
        double[] curvature = new double[checked(Rows * Columns)];
        for (int r = 0; r < Rows; r++)
        {
            double output = _outputValues is null ? 1 : _outputValues[r];
            for (int c = 0; c < Columns; c++) curvature[(r * Columns) + c] = output * _inputValues[c];
        }
        return curvature;
    }
}
