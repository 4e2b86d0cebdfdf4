namespace GracefulKernels.Tests;

/// <summary>The Gauss–Newton matrix of a small linearised network from its definition: one VJP for each sample and output.</summary>
internal sealed class DenseCurvature
{
    private readonly ParameterLayout _layout;

    /// <param name="weights">s [n × C], or empty for ones: each row of J is scaled by √s.</param>
    public DenseCurvature(LinearizedNetwork linear, ReadOnlySpan<float> weights = default)
    {
        _layout = linear.Network.Parameters;
        Samples = linear.Samples;
        Rows = new double[linear.Samples * linear.Outputs][];
        for (int k = 0; k < Rows.Length; k++)
        {
            float[] seed = new float[Rows.Length];
            seed[k] = 1;
            double root = weights.IsEmpty ? 1 : Math.Sqrt(weights[k]);
            using ParameterVector gradient = linear.Vjp(seed);
            Rows[k] = [.. gradient.ToArray().Select(v => root * v)];
        }
    }

    public int Samples { get; }

    /// <summary>√s∘J, [n·C][P], flat in PyTorch's layouts.</summary>
    public double[][] Rows { get; }

    /// <summary><c>1/n JᵀJ + λI</c>, [P × P].</summary>
    public double[] Matrix(double lambda = 0) => Gram(Rows, Samples, lambda);

    /// <summary><c>1/n Σ (∂f/∂w)²</c>, [P].</summary>
    public double[] Diagonal() => [.. Enumerable.Range(0, Rows[0].Length).Select(p => Rows.Sum(r => r[p] * r[p]) / Samples)];

    /// <summary>The rows of J over one block as matrices [rows × columns], the library's order of columns.</summary>
    public double[][] BlockRows(ParameterBlock block) => [.. Rows.Select(r => ToMatrix(_layout, block, [.. r.Select(v => (float)v)]))];

    /// <summary>The dense block of the Gauss–Newton matrix, vec row-major.</summary>
    public double[] Block(ParameterBlock block) => Gram(BlockRows(block), Samples, 0);

    /// <summary>A block of a flat vector as the matrix [W | b].</summary>
    public static double[] ToMatrix(ParameterLayout layout, ParameterBlock block, float[] flat)
    {
        int columns = block.Columns, inputs = columns - (block.Bias is null ? 0 : 1);
        float[] weight = Tensor(layout, block.Weight, flat), bias = block.Bias is null ? [] : Tensor(layout, block.Bias, flat);
        double[] matrix = new double[block.Rows * columns];
        for (int i = 0; i < matrix.Length; i++) matrix[i] = i % columns < inputs ? weight[(i / columns * inputs) + (i % columns)] : bias[i / columns];
        return matrix;
    }

    /// <summary><c>G ⊗ A</c>, vec row-major; an empty G is the identity.</summary>
    public static double[] Kronecker(double[]? g, double[] a, int rows, int columns)
    {
        int size = rows * columns;
        double[] product = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                int r = i / columns, q = j / columns;
                product[(i * size) + j] = (g is null ? (r == q ? 1 : 0) : g[(r * rows) + q]) * a[(i % columns * columns) + (j % columns)];
            }
        }
        return product;
    }

    /// <summary>X·Y with X [m × k] and Y [k × n].</summary>
    public static double[] Multiply(double[] x, double[] y, int m, int k, int n)
    {
        double[] z = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int p = 0; p < k; p++)
            {
                for (int j = 0; j < n; j++) z[(i * n) + j] += x[(i * k) + p] * y[(p * n) + j];
            }
        }
        return z;
    }

    public static double[] Transpose(double[] x, int rows, int columns)
    {
        double[] t = new double[x.Length];
        for (int i = 0; i < x.Length; i++) t[(i % columns * rows) + (i / columns)] = x[i];
        return t;
    }

    private static double[] Gram(double[][] rows, int samples, double lambda)
    {
        int p = rows[0].Length;
        double[] gram = new double[p * p];
        foreach (double[] r in rows)
        {
            for (int i = 0; i < p; i++)
            {
                if (r[i] == 0) continue;
                for (int j = 0; j < p; j++) gram[(i * p) + j] += r[i] * r[j] / samples;
            }
        }
        for (int i = 0; i < p; i++) gram[(i * p) + i] += lambda;
        return gram;
    }

    private static float[] Tensor(ParameterLayout layout, string name, float[] flat)
    {
        int offset = layout.Parameters.TakeWhile(p => p.Name != name).Sum(p => p.Length);
        float[] tensor = new float[layout[name].Length];
        layout[name].ToDeviceOrder(flat.AsSpan(offset, tensor.Length), tensor);
        return tensor;
    }
}
