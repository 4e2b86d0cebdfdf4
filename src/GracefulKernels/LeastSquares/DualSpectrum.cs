namespace GracefulKernels;

/// <summary><c>√s K √s / n = Vᵀ diag(μ) V</c>, from which the system is solved for every λ.</summary>
internal sealed class DualSpectrum
{
    private readonly DualSystem _system;
    private readonly double[] _values;
    private readonly double[] _vectors;
    private readonly double[] _right;

    private DualSpectrum(DualSystem system, double[] values, double[] vectors)
    {
        _system = system;
        // Negative ones are rounding in K.
        _values = [.. values.Select(v => Math.Max(0, v))];
        _vectors = vectors;
        _right = HostMatrix.Multiply(vectors, values.Length, system.Right);
    }

    public static DualSpectrum Compute(DualSystem system)
    {
        int n = system.Rows;
        double[] a = system.Damped(0, out _), values = new double[n];
        ComputeDevice device = system.Gram.Network.Network.Device;
        // On the processor in any case: the reduction to tridiagonal form is no work for a GPU. In place, so that two matrices suffice.
        DenseLinearAlgebra.SymmetricEigen(a, n, values, a, device.Simd is null ? null : device);
        return new DualSpectrum(system, values, a);
    }

    /// <summary>All figures at one λ &gt; 0.</summary>
    public PathPoint Point(double lambda, int[][] groups, ReadOnlySpan<int> labels)
    {
        int n = _values.Length, samples = _system.Samples;
        double[] factor = [.. _values.Select(v => 1 / (v + lambda))];
        double[] scaled = [.. _right.Zip(factor, (r, f) => r * f)];
        double dof = 0, norm = 0;
        for (int k = 0; k < n; k++)
        {
            dof += _values[k] * factor[k];
            norm += _values[k] * scaled[k] * scaled[k];
        }
        double[] a = Combine(scaled);
        double data = lambda * lambda * HostMatrix.Dot(a, a) / (2.0 * samples);
        double[] residuals = _system.LeaveOneOutResiduals(a, groups, rows => InverseBlock(rows, factor));
        double[] outputs = _system.LeaveOneOutOutputs(a, residuals, groups, r =>
        {
            double[] turned = HostMatrix.Multiply(_vectors, n, r);
            for (int k = 0; k < n; k++) turned[k] *= factor[k];
            return Combine(turned);
        });
        int[] all = [.. Enumerable.Range(0, samples)];
        return new PathPoint
        {
            Lambda = lambda,
            DataLoss = data,
            UpdateNorm = Math.Sqrt(norm / samples),
            DegreesOfFreedom = dof,
            Gcv = RegularizationPath.Gcv(data * 2 * samples, dof, n),
            LeaveOneOutLoss = HostMatrix.Dot(residuals, residuals) / (2.0 * samples),
            LeaveOneOutAccuracy = LeaveOneOut.Accuracy(_system.Targets, all, outputs, labels),
        };
    }

    /// <summary><c>Vᵀ·x</c>.</summary>
    private double[] Combine(double[] x)
    {
        const int Columns = 512;
        int n = x.Length;
        double[] y = new double[n];
        Parallel.For(0, (n + Columns - 1) / Columns, chunk =>
        {
            int start = chunk * Columns, end = Math.Min(n, start + Columns);
            for (int k = 0; k < n; k++)
            {
                ReadOnlySpan<double> row = _vectors.AsSpan((int)((long)k * n) + start, end - start);
                double factor = x[k];
                for (int i = 0; i < row.Length; i++) y[start + i] += factor * row[i];
            }
        });
        return y;
    }

    /// <summary><c>B_gg = V_gᵀ diag(1/(μ + λ)) V_g</c>.</summary>
    private double[] InverseBlock(int[] rows, double[] factor)
    {
        int m = rows.Length, n = _values.Length;
        double[] block = new double[(long)m * m], part = new double[m];
        for (int k = 0; k < n; k++)
        {
            long at = (long)k * n;
            for (int i = 0; i < m; i++) part[i] = _vectors[at + rows[i]];
            for (int i = 0; i < m; i++)
            {
                double scaled = factor[k] * part[i];
                for (int j = 0; j <= i; j++) block[((long)i * m) + j] += scaled * part[j];
            }
        }
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < i; j++) block[((long)j * m) + i] = block[((long)i * m) + j];
        }
        return block;
    }
}
