using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// Lanczos on <c>P⁻¹H</c>, which is self-adjoint in the P inner product (Golub, Van Loan 2013, §10.1, §11.5.2). It keeps residuals v and directions z = P⁻¹v with
/// <c>⟨v_i, z_j⟩ = δ_ij</c>, so that only P⁻¹ is needed. Every vector is made orthogonal to all before it, twice: without, copies of found eigenvalues would come up again.
/// </summary>
internal sealed class Lanczos : IDisposable
{
    /// <summary>What is left of a product below this part of its norm is fp32 rounding: the basis is invariant.</summary>
    private const double Rounding = 1e-6;

    private readonly LinearQuadraticProblem _problem;
    private readonly Preconditioner? _preconditioner;
    private readonly IKernels _kernels;
    private readonly HessianProduct _hessian;
    private readonly List<(DeviceFloats Residual, DeviceFloats Direction)> _basis = [];

    public Lanczos(LinearQuadraticProblem problem, Preconditioner? preconditioner)
    {
        _problem = problem;
        _preconditioner = preconditioner;
        _kernels = problem.Kernels;
        _hessian = new HessianProduct(problem);
    }

    /// <summary>The Ritz values after at most <paramref name="iterations"/> products, ascending.</summary>
    public double[] RitzValues(int iterations, int seed, CancellationToken cancellation)
    {
        Network network = _problem.Network.Network;
        long length = network.Parameters.DeviceLength;
        using var w = new DeviceFloats(_kernels, length);
        _kernels.Upload<float>(network.Parameters.ToDeviceOrder(Start(network.Parameters.Count, seed)), w.Block);
        var diagonal = new List<double>();
        var beside = new List<double>();
        double scale = 0;
        int most = (int)Math.Min(iterations, network.Parameters.Count);
        for (double norm = Append(w.Block, 0); norm > 0; norm = Append(w.Block, Rounding * scale))
        {
            if (diagonal.Count > 0) beside.Add(norm);
            cancellation.ThrowIfCancellationRequested();
            (DeviceFloats _, DeviceFloats direction) = _basis[^1];
            _hessian.Apply(direction.Block, w.Block, cancellation);
            double energy = _kernels.Dot(w.Block, direction.Block);
            if (!double.IsFinite(energy)) throw new ArithmeticException($"Lanczos broke down in iteration {diagonal.Count + 1}: curvature {energy}, λ = {_problem.Lambda:R}.");
            diagonal.Add(energy);
            scale = Math.Max(scale, Math.Abs(energy));
            if (diagonal.Count == most) break;
            for (int pass = 0; pass < 2; pass++)
            {
                foreach ((DeviceFloats v, DeviceFloats z) in _basis) _kernels.Axpby(-(float)_kernels.Dot(w.Block, z.Block), v.Block, 1f, w.Block);
            }
        }
        return Tridiagonal(diagonal, beside);
    }

    public void Dispose()
    {
        _hessian.Dispose();
        foreach ((DeviceFloats v, DeviceFloats z) in _basis)
        {
            v.Dispose();
            if (!ReferenceEquals(v, z)) z.Dispose();
        }
    }

    /// <summary>Puts <c>w/‖w‖</c> and its direction to the basis, with <c>‖w‖² = ⟨w, P⁻¹w⟩</c>. Returns the norm, or 0 where it is at most <paramref name="least"/>.</summary>
    private double Append(Block<float> w, double least)
    {
        var v = new DeviceFloats(_kernels, w.Length);
        DeviceFloats z = _preconditioner is null ? v : new DeviceFloats(_kernels, w.Length);
        _basis.Add((v, z));
        _kernels.Copy(w, v.Block);
        _preconditioner?.Apply(v.Block, z.Block);
        double norm = Math.Sqrt(Math.Max(0, _kernels.Dot(v.Block, z.Block)));
        if (!(norm > least)) return 0;
        _kernels.Axpby(0f, v.Block, (float)(1 / norm), v.Block);
        if (_preconditioner is not null) _kernels.Axpby(0f, z.Block, (float)(1 / norm), z.Block);
        return norm;
    }

    private static float[] Start(long length, int seed)
    {
        var random = new CounterRandom((ulong)seed);
        float[] start = new float[length];
        for (int i = 0; i < start.Length; i++) start[i] = (float)random.Normal((ulong)i);
        return start;
    }

    private static double[] Tridiagonal(List<double> diagonal, List<double> beside)
    {
        int n = diagonal.Count;
        double[] matrix = new double[n * n], values = new double[n], vectors = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            matrix[(i * n) + i] = diagonal[i];
            if (i > 0) matrix[(i * n) + i - 1] = matrix[((i - 1) * n) + i] = beside[i - 1];
        }
        DenseLinearAlgebra.SymmetricEigen(matrix, n, values, vectors);
        return values;
    }
}
