namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary><c>y = alpha·x + beta·y</c>. With beta = 0, y is never read; y may be x.</summary>
    void Axpby(float alpha, Block<float> x, float beta, Block<float> y);

    /// <summary><c>y = a + b</c>. y may be a or b.</summary>
    void Add(Block<float> a, Block<float> b, Block<float> y);

    /// <summary><c>y = a ∘ b</c>. y may be a or b.</summary>
    void Multiply(Block<float> a, Block<float> b, Block<float> y);

    /// <summary><c>Σ x y</c> in fp64, in a fixed order.</summary>
    double Dot(Block<float> x, Block<float> y);

    /// <summary><c>y = scale·x</c> computed in fp64 and rounded once to fp32.</summary>
    void Narrow(double scale, Block<double> x, Block<float> y);

    /// <summary>Exact widening.</summary>
    void Widen(Block<float> x, Block<double> y);
}
