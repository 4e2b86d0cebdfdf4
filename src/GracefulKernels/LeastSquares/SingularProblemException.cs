namespace GracefulKernels;

/// <summary>λ = 0 and a Hessian that is singular, or so near to it that fp32 cannot tell: no update is better than many others. Says so and proposes a λ.</summary>
public sealed class SingularProblemException : ArithmeticException
{
    private SingularProblemException(string message, double proposal) : base(message) => ProposedLambda = proposal;

    /// <summary>
    /// A ten-thousandth of H's largest eigenvalue, to two digits: a condition number of 10⁴, which fp32 and some hundred iterations stand.
    /// </summary>
    public double ProposedLambda { get; }

    /// <summary>With H's largest eigenvalue found by power iteration.</summary>
    /// <param name="what">What was found.</param>
    internal static SingularProblemException At(LinearQuadraticProblem problem, string what, CancellationToken cancellation)
        => At(what, Spectrum.LargestEigenvalue(problem, cancellation: cancellation));

    /// <param name="what">What was found.</param>
    /// <param name="largest">H's largest eigenvalue, or an estimate of it.</param>
    /// <param name="iterative">Whether what was refused is an iterative solver, which has other ways out.</param>
    internal static SingularProblemException At(string what, double largest, bool iterative = true)
    {
        double lambda = 1;
        if (largest > 0 && double.IsFinite(largest))
        {
            double unit = Math.Pow(10, Math.Floor(Math.Log10(largest * 1e-4)) - 1);
            lambda = Math.Round(largest * 1e-4 / unit) * unit;
        }
        string text = lambda.ToString("G2", System.Globalization.CultureInfo.InvariantCulture);
        return new SingularProblemException(
            $"H is singular: {what} Use λ > 0, for example {text}"
            + (iterative ? "; or stop by leave-one-out; or set AllowSingular, which without preconditioner finds the solution of least norm." : "."),
            double.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
    }
}
