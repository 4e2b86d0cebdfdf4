namespace GracefulKernels;

/// <summary>
/// <c>min 1/(2n) Σ ‖Wφ_i + b − t_i‖² + (λ/2)‖W‖²</c> in fp64, b not penalised. With centred Φ [n × F] and T: primal <c>W = Tᵀ Φ (ΦᵀΦ + nλI)⁻¹</c>, or where n ≤ F dual
/// <c>W = Tᵀ Q Φ</c> with <c>Q = (ΦΦᵀ + nλI)⁻¹</c>; <c>b = t̄ − W φ̄</c>. The Gram matrix of the smaller side is computed once.
/// </summary>
internal sealed class RidgeRegression
{
    private const int Panel = 256;

    private readonly int _n;
    private readonly int _f;
    private readonly int _classes;
    private readonly int _stride;
    private readonly int _order;
    private readonly int _gramStride;
    private readonly double[] _phi;
    private readonly double[] _targets;
    private readonly double[] _phiMean;
    private readonly double[] _targetMean;
    private readonly double[] _gram;
    private readonly ComputeDevice _device;

    /// <param name="features">φ [n × F].</param>
    /// <param name="width">F.</param>
    public RidgeRegression(ReadOnlySpan<float> features, int width, Targets targets, ComputeDevice device)
    {
        _n = targets.Samples;
        _f = width;
        _classes = targets.Classes;
        _device = device;
        _stride = DenseGram.Padded(width);
        (_phi, _phiMean) = Centred(features, _n, width, _stride);
        (_targets, _targetMean) = Centred(targets.Values.Span, _n, _classes, _classes);
        IsDual = _n <= _f;
        _order = IsDual ? _n : _f;
        _gramStride = DenseGram.Padded(_order);
        _gram = IsDual ? DenseGram.Lower(Transposed(0, _n, _gramStride), _f, _gramStride, device.Threads) : DenseGram.Lower(_phi, _n, _gramStride, device.Threads);
        double trace = 0;
        for (int i = 0; i < _order; i++) trace += _gram[((long)i * _gramStride) + i];
        MeanEigenvalue = _n < 2 ? 0 : trace / _n / Math.Min(_n - 1, _f);
    }

    /// <summary>Whether the system has the order of samples.</summary>
    public bool IsDual { get; }

    /// <summary>The mean of those eigenvalues of the covariance <c>ΦᵀΦ/n</c> that can be positive.</summary>
    public double MeanEigenvalue { get; }

    /// <summary>
    /// Exact leave-one-out residuals <c>e_i/(1 − h_ii)</c> with the leverage <c>h_ii = 1/n + φ_iᵀ(ΦᵀΦ + nλI)⁻¹φ_i</c>; dual: <c>e_i = nλ(QT)_i</c> and
    /// <c>1 − h_ii = nλQ_ii − 1/n</c>.
    /// </summary>
    /// <param name="counted">Samples whose residuals make the error.</param>
    public RidgeCandidate LeaveOneOut(double lambda, bool[] counted)
    {
        int samples = counted.Count(c => c);
        if (samples == 0 || _n < 2) return new RidgeCandidate(lambda, double.NaN, double.NaN);
        double[] factor = Factor(lambda), residuals = new double[(long)_n * _classes], rest = new double[_n];
        if (IsDual) DualResiduals(lambda, factor, residuals, rest);
        else PrimalResiduals(factor, residuals, rest);
        double error = 0;
        int right = 0;
        for (int i = 0; i < _n; i++)
        {
            if (!counted[i]) continue;
            // A leverage of 1 to rounding: the sample determines its own fit, and nothing is known of it without.
            if (rest[i] < 1e-12) return new RidgeCandidate(lambda, double.PositiveInfinity, double.NaN);
            int wanted = 0, found = 0;
            double target = double.NegativeInfinity, prediction = double.NegativeInfinity;
            for (int c = 0; c < _classes; c++)
            {
                double e = residuals[(i * _classes) + c] / rest[i], t = _targets[(i * _classes) + c] + _targetMean[c];
                error += e * e;
                if (t > target) (target, wanted) = (t, c);
                if (t - e > prediction) (prediction, found) = (t - e, c);
            }
            if (wanted == found) right++;
        }
        return new RidgeCandidate(lambda, error / samples, (double)right / samples);
    }

    /// <summary>W [C × F] and b [C], rounded once.</summary>
    public (float[] Weight, float[] Bias) Solve(double lambda)
    {
        double[] weight = Weight(Factor(lambda));
        float[] rounded = new float[(long)_classes * _f], bias = new float[_classes];
        for (int c = 0; c < _classes; c++)
        {
            double b = _targetMean[c];
            for (int j = 0; j < _f; j++)
            {
                double w = weight[((long)j * _classes) + c];
                rounded[(c * _f) + j] = (float)w;
                b -= w * _phiMean[j];
            }
            bias[c] = (float)b;
        }
        return (rounded, bias);
    }

    /// <summary>The Cholesky factor of the Gram matrix plus nλI.</summary>
    private double[] Factor(double lambda)
    {
        double[] a = (double[])_gram.Clone();
        for (int i = 0; i < _order; i++) a[((long)i * _gramStride) + i] += _n * lambda;
        DenseLinearAlgebra.Potrf(_order, a, _gramStride, "Gram matrix of the features", lambda, _device);
        return a;
    }

    /// <summary>Wᵀ [F × C].</summary>
    private double[] Weight(double[] factor)
    {
        double[] right = IsDual ? (double[])_targets.Clone() : TransposedTimes(_targets);
        DenseLinearAlgebra.Potrs(_order, factor, _gramStride, _classes, right, _classes, _device);
        return IsDual ? TransposedTimes(right) : right;
    }

    private void DualResiduals(double lambda, double[] factor, double[] residuals, double[] rest)
    {
        _targets.CopyTo(residuals, 0);
        DenseLinearAlgebra.Potrs(_n, factor, _gramStride, _classes, residuals, _classes, _device);
        for (long i = 0; i < residuals.LongLength; i++) residuals[i] *= _n * lambda;
        DenseLinearAlgebra.Potri(_n, factor, _gramStride, _device);
        for (int i = 0; i < _n; i++) rest[i] = (_n * lambda * factor[((long)i * _gramStride) + i]) - (1.0 / _n);
    }

    private void PrimalResiduals(double[] factor, double[] residuals, double[] rest)
    {
        double[] weight = Weight(factor);
        Each(_n, i =>
        {
            for (int c = 0; c < _classes; c++) residuals[((long)i * _classes) + c] = _targets[((long)i * _classes) + c];
            for (int j = 0; j < _f; j++)
            {
                double x = _phi[((long)i * _stride) + j];
                for (int c = 0; c < _classes; c++) residuals[((long)i * _classes) + c] -= x * weight[((long)j * _classes) + c];
            }
        });
        for (int first = 0; first < _n; first += Panel)
        {
            int count = Math.Min(Panel, _n - first);
            double[] x = Transposed(first, count, count), solved = (double[])x.Clone();
            DenseLinearAlgebra.Potrs(_f, factor, _gramStride, count, solved, count, _device);
            for (int i = 0; i < count; i++)
            {
                double leverage = 1.0 / _n;
                for (int j = 0; j < _f; j++) leverage += x[((long)j * count) + i] * solved[((long)j * count) + i];
                rest[first + i] = 1 - leverage;
            }
        }
    }

    /// <summary>Φᵀ·m [F × C] for m [n × C]: each element a sum in the order of the samples.</summary>
    private double[] TransposedTimes(double[] m)
    {
        double[] product = new double[(long)_f * _classes];
        Each(_f, j =>
        {
            Span<double> row = product.AsSpan(j * _classes, _classes);
            for (int i = 0; i < _n; i++)
            {
                double x = _phi[((long)i * _stride) + j];
                for (int c = 0; c < row.Length; c++) row[c] += x * m[((long)i * _classes) + c];
            }
        });
        return product;
    }

    /// <summary>Φᵀ for <paramref name="count"/> samples: [F × stride].</summary>
    private double[] Transposed(int first, int count, int stride)
    {
        double[] transposed = new double[(long)_f * stride];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < _f; j++) transposed[((long)j * stride) + i] = _phi[((long)(first + i) * _stride) + j];
        }
        return transposed;
    }

    private void Each(int count, Action<int> body) => System.Threading.Tasks.Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _device.Threads }, body);

    private static (double[] Values, double[] Mean) Centred(ReadOnlySpan<float> values, int rows, int columns, int stride)
    {
        double[] mean = new double[columns], centred = new double[(long)rows * stride];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) mean[j] += values[(i * columns) + j];
        }
        for (int j = 0; j < columns; j++) mean[j] /= rows;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) centred[((long)i * stride) + j] = values[(i * columns) + j] - mean[j];
        }
        return (centred, mean);
    }
}
