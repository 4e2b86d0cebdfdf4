using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>Whether a problem with λ = 0 has a singular Hessian.</summary>
/// <remarks>
/// The gradient lies in the range of H, so conjugate gradients never meet H's null space. Fewer outputs of positive weight than parameters prove that there is one. Otherwise
/// Lanczos from a random start, which has a part in it, finds a smallest Ritz value that falls to the rounding of fp32.
/// </remarks>
internal static class SingularityCheck
{
    /// <summary>More, and orthogonality lost in fp32 repeats what was found.</summary>
    private const int MaxSteps = 100;

    /// <summary>Rounding of an fp32 product with H, relative to its largest eigenvalue: some ten units.</summary>
    private const double Rounding = 1e-6;

    /// <exception cref="SingularProblemException">H is singular, or within 10⁻⁶ of it.</exception>
    public static void Throw(LinearQuadraticProblem problem, CancellationToken cancellation)
    {
        long rows = problem.TargetBlock.Length, parameters = problem.Network.Network.Parameters.Count;
        foreach (float s in problem.Targets.Weights.Span) rows -= s == 0 ? 1 : 0;
        if (rows < parameters)
        {
            throw SingularProblemException.At(
                problem, $"λ is 0, and {rows} outputs of positive weight cannot determine {parameters} parameters.", cancellation);
        }
        (double smallest, double largest) = RitzValues(problem, (int)Math.Min(parameters, MaxSteps), cancellation);
        if (smallest > Rounding * largest) return;
        throw SingularProblemException.At($"λ is 0, and H has an eigenvalue of {Math.Max(smallest, 0):G2} beside its largest of {largest:G2}, which fp32 cannot tell from 0.", largest);
    }

    /// <summary>Extreme eigenvalues of Lanczos' tridiagonal matrix (Golub, Van Loan 2013, §10.1).</summary>
    internal static (double Smallest, double Largest) RitzValues(LinearQuadraticProblem problem, int steps, CancellationToken cancellation)
    {
        LinearizedNetwork network = problem.Network;
        IKernels kernels = problem.Kernels;
        var random = new CounterRandom(1);
        float[] start = new float[network.Network.Parameters.Count];
        for (int i = 0; i < start.Length; i++) start[i] = (float)random.Normal((ulong)i);
        using var v = ParameterVector.FromArray(network.Network.Parameters, network.Network.Device, start);
        using var last = new DeviceFloats(kernels, v.Block.Length);
        using var next = new DeviceFloats(kernels, v.Block.Length);
        using var image = new DeviceFloats(kernels, problem.TargetBlock.Length);
        using var seeds = new DeviceFloats(kernels, problem.TargetBlock.Length);
        using var zeros = new DeviceFloats(kernels, problem.TargetBlock.Length);
        List<double> diagonal = [], beside = [];
        double beta = Math.Sqrt(kernels.Dot(v.Block, v.Block));
        kernels.Axpby(0f, v.Block, (float)(1 / beta), v.Block);
        while (true)
        {
            network.Jvp(v.Block, image.Block, cancellation);
            _ = kernels.WeightedSquaredLoss(
                network.Samples, network.Outputs, image.Block, zeros.Block, problem.WeightBlock, 1f / network.Samples, seeds.Block);
            problem.Gradient(seeds.Block, v.Block, next.Block, cancellation);
            double alpha = kernels.Dot(v.Block, next.Block);
            diagonal.Add(alpha);
            kernels.Axpby((float)-alpha, v.Block, 1f, next.Block);
            if (diagonal.Count > 1) kernels.Axpby((float)-beta, last.Block, 1f, next.Block);
            beta = Math.Sqrt(kernels.Dot(next.Block, next.Block));
            // The whole space that the start spans has been seen.
            if (diagonal.Count == steps || !(beta > Rounding * diagonal.Max())) return Extremes(diagonal, beside);
            beside.Add(beta);
            kernels.Copy(v.Block, last.Block);
            kernels.Axpby((float)(1 / beta), next.Block, 0f, v.Block);
        }
    }

    /// <summary>By bisection on the number of negative pivots (Sturm; Golub, Van Loan 2013, §8.4.1), between Gershgorin's bounds.</summary>
    private static (double Smallest, double Largest) Extremes(List<double> diagonal, List<double> beside)
    {
        int n = diagonal.Count;
        double low = double.MaxValue, high = double.MinValue;
        for (int i = 0; i < n; i++)
        {
            double radius = (i > 0 ? beside[i - 1] : 0) + (i < n - 1 ? beside[i] : 0);
            low = Math.Min(low, diagonal[i] - radius);
            high = Math.Max(high, diagonal[i] + radius);
        }
        return (Bisect(1), Bisect(n));

        double Bisect(int rank)
        {
            (double a, double b) = (low, high);
            for (int i = 0; i < 100; i++)
            {
                double middle = a + ((b - a) / 2);
                if (Below(middle) >= rank) b = middle;
                else a = middle;
            }
            return b;
        }

        int Below(double x)
        {
            int count = 0;
            double pivot = 1;
            for (int i = 0; i < n; i++)
            {
                double off = i > 0 ? beside[i - 1] : 0;
                pivot = diagonal[i] - x - (off * off / pivot);
                if (pivot == 0) pivot = -double.Epsilon;
                if (pivot < 0) count++;
            }
            return count;
        }
    }
}
