namespace GracefulKernels.Kernels;

internal partial interface IKernels
{
    /// <summary>
    /// The two-sided apply <c>Y = L·V·R</c> of a Kronecker-factored preconditioner: V, Y [rows × columns], L [rows × rows] and
    /// R [columns × columns] symmetric. An empty L is the identity (the last layer). <paramref name="workspace"/> has rows·columns
    /// elements. Y is neither V nor the workspace.
    /// </summary>
    void KroneckerApply(
        int rows, int columns, Block<float> left, Block<float> right, Block<float> v, Block<float> workspace, Block<float> y);

    /// <summary><c>damped = scale·sum + shift·I</c>, fp64 [n × n] contiguous: a factor from its raw sum. In place where both are one.</summary>
    void Damp(int n, double scale, double shift, Block<double> sum, Block<double> damped);

    /// <summary>Trace of a contiguous fp64 [n × n].</summary>
    double Trace(int n, Block<double> a);
}
