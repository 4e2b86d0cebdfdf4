namespace GracefulKernels;

/// <summary>
/// LQF repeated: the network is linearised at w, the least-squares problem is solved, w moves along its solution through the non-linear network, and it is linearised there
/// anew. One step is LQF; two or three are damped Gauss–Newton steps (Levenberg 1944; Marquardt 1963; Nocedal, Wright 2006, §10.3), each convex.
/// </summary>
/// <remarks>
/// <para>With <c>D(w) = 1/(2n) Σ_i Σ_c s_ic (f(x_i; w) − t_i)_c²</c> and the network linearised at w, a step solves</para>
/// <para><c>d(λ') = argmin D_lin(d) + (λ'/2)‖d‖²</c>, <c>D_lin(d) = 1/(2n) Σ s (f(x; w) + J(w)d − t)²</c>.</para>
/// <para>The ridge is about the point that the step starts from, not about the first network: it is the trust region of this step, and the problem is one of
/// <see cref="LinearQuadraticProblem"/>, so that the last linear model answers leave-one-out and influence as any other. What was learned before is not pulled back; a run of
/// many steps therefore ends near the minimum of D without ridge, and the number of steps regularises.</para>
/// <para>w moves to w + d(λ) where the non-linear network with its penalty gains at least <see cref="RelinearizationOptions.MinGainRatio"/> of what the linear model promised:
/// <c>D(w) − D(w + d) − (λ/2)‖d‖² ≥ ratio · (D(w) − D_lin(d) − (λ/2)‖d‖²)</c>. So D never rises. Elsewhere λ' is raised, which shortens and turns the step
/// towards the gradient, and the same linearisation is solved again from where it was. If no λ' helps, the run ends with the linear model it has. Each new step
/// begins with the λ of the run again: only the move was damped, not the model.</para>
/// </remarks>
public static class Relinearization
{
    /// <summary>Runs k steps.</summary>
    /// <param name="network">Where to start; not changed. A part of a network with the trunk's outputs for images linearises that part alone.</param>
    /// <param name="images">[samples × height × width × channels], or as <paramref name="layout"/> says; samples = those of the targets.</param>
    /// <param name="targets">t and s, which stay as they are.</param>
    /// <param name="lambda">λ &gt; 0, of every step.</param>
    /// <param name="labels">[n], for the accuracies of the report; empty for none.</param>
    /// <param name="options">Number of steps, solver, factors and damping.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <param name="progress">After each step.</param>
    /// <param name="solverProgress">Within each solve; iterations begin at 0 in each.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="ArgumentException">A shape does not fit, a pixel is not finite, or an option belongs to one step only.</exception>
    /// <exception cref="ArgumentOutOfRangeException">λ is not positive, or an option or label is out of range.</exception>
    /// <exception cref="ArithmeticException">A solve broke down.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RelinearizationResult Run(
        Network network,
        ReadOnlySpan<float> images,
        Targets targets,
        double lambda,
        ReadOnlySpan<int> labels = default,
        RelinearizationOptions? options = null,
        ImageLayout layout = ImageLayout.Nhwc,
        IProgress<RelinearizationStep>? progress = null,
        IProgress<SolverProgress>? solverProgress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(targets);
        options ??= new RelinearizationOptions();
        options.Validate(nameof(options));
        Check.Positive(lambda, nameof(lambda));
        if (!labels.IsEmpty)
        {
            Check.Length(labels.Length, targets.Samples, nameof(labels), "samples of the targets");
            Check.Labels(labels, targets.Classes, nameof(labels));
        }
        if (targets.Classes != network.Outputs)
        {
            throw new ArgumentException($"targets is [{targets.Samples} × {targets.Classes}]; the network has {network.Outputs} outputs.", nameof(targets));
        }
        network.CheckImages(images, targets.Samples, layout);
        float[] data = new ImageStaging(network.InputShape, layout, targets.Samples).ChannelsLast(images, targets.Samples).ToArray();
        using var run = new RelinearizationRun(data, targets, lambda, labels.ToArray(), options, progress, solverProgress, cancellation);
        return run.Run(network);
    }
}
