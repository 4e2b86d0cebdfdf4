using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Updates: the optimum of the convex problem.</summary>
internal static unsafe class Solvers
{
    [UnmanagedCallersOnly(EntryPoint = "gk_solve")]
    public static int Solve(
        nint linearized, nint factors, int* labels, float* oldLogits, SolveFields* options, nint* model, SolveSummary* result)
    {
        try
        {
            ErrorText.Clear();
            using Use<LinearizedNetwork> use = Handles.Use<LinearizedNetwork>(linearized, HandleKind.Linearized, "linearized");
            Argument.Given(model, "model");
            *model = 0;
            LinearizedNetwork f = use.Target;
            SolveFields chosen = options == null ? SolveFields.Default : *options;
            chosen.Check();
            ReadOnlySpan<int> y = Operand.Vector(labels, f.Samples, "labels").Span<int>("[count]");
            ReadOnlySpan<float> old = Operand.Optional(oldLogits, f.Samples, f.Outputs, "old_logits").Span<float>("[count x outputs]");
            Targets targets = old.IsEmpty ? Targets.OneHot(y, f.Outputs, chosen.TargetScale) : Targets.PositiveCongruent(y, old, chosen.PositiveCongruent);
            if (factors == 0)
            {
                *model = Solve(use, targets, chosen, null, result);
                return 0;
            }
            using Use<KroneckerFactors> curvature = Handles.Use<KroneckerFactors>(factors, HandleKind.Factors, "factors");
            double damping = chosen.Damping == 0 ? chosen.Lambda : chosen.Damping;
            using var preconditioner = new KroneckerPreconditioner(curvature.Target, damping, f.Network.Parameters, f.Network.Device);
            *model = Solve(use, targets, chosen, preconditioner, result);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_fine_tune")]
    public static int FineTune(nint network, float* images, int* labels, long count, long classes, nint* model)
    {
        try
        {
            ErrorText.Clear();
            using Use<Network> use = Handles.Use<Network>(network, HandleKind.Network, "network");
            Argument.Given(model, "model");
            *model = 0;
            int n = Argument.Size(count, "count", 1), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            ReadOnlySpan<float> x = Images.All(images, n, use.Target);
            ReadOnlySpan<int> y = Operand.Vector(labels, n, "labels").Span<int>("[count]");
            using FineTuned tuned = FineTuner.Fit(use.Target, x, y, new FineTuneOptions { Classes = c });
            *model = Handles.Open(HandleKind.Model, new OpenModel(tuned.Model), use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static nint Solve(in Use<LinearizedNetwork> use, Targets targets, in SolveFields options, Preconditioner? preconditioner, SolveSummary* result)
    {
        using var problem = new LinearQuadraticProblem(use.Target, targets, options.Lambda);
        SolverResult found = Pcg.Solve(problem, new PcgOptions { Tolerance = options.Tolerance, MaxIterations = (int)options.MaxIterations }, preconditioner);
        var model = new OpenModel(new LinearizedModel(use.Target.Network, found.Update, options.Lambda, options.TargetScale));
        nint handle = Handles.Open(HandleKind.Model, model, use.Device);
        if (result != null)
        {
            *result = new SolveSummary
            {
                Loss = found.Loss,
                RelativeGradient = found.RelativeGradient,
                Iterations = found.Iterations,
                Converged = found.Converged ? 1 : 0,
            };
        }
        return handle;
    }
}

/// <summary><c>gk_solve_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SolveFields
{
    public double Lambda, Damping, LambdaPc, FocalAlpha, FocalBeta, TargetScale, Tolerance;
    public long MaxIterations;

    /// <summary><c>GK_SOLVE_OPTIONS_DEFAULT</c>.</summary>
    public static SolveFields Default => new()
    {
        Lambda = 1e-2,
        LambdaPc = 1,
        FocalAlpha = 1,
        FocalBeta = 5,
        TargetScale = 15,
        Tolerance = 1e-3,
        MaxIterations = 200,
    };

    public readonly PositiveCongruentOptions PositiveCongruent
        => new() { LambdaPc = LambdaPc, FocalAlpha = FocalAlpha, FocalBeta = FocalBeta, Alpha = TargetScale };

    public readonly void Check()
    {
        Finite(Lambda, Lambda > 0, "lambda", "> 0");
        Finite(Damping, Damping >= 0, "damping", ">= 0 (0: lambda)");
        Finite(LambdaPc, LambdaPc >= 0, "lambda_pc", ">= 0");
        Finite(FocalAlpha, FocalAlpha >= 0, "focal_alpha", ">= 0");
        Finite(FocalBeta, FocalBeta >= 0, "focal_beta", ">= 0");
        Finite(TargetScale, TargetScale > 0, "target_scale", "> 0");
        Finite(Tolerance, Tolerance >= 0, "tolerance", ">= 0");
        _ = Argument.Size(MaxIterations, "options.max_iterations");
    }

    private static void Finite(double value, bool good, string name, string expected)
    {
        if (!good || !double.IsFinite(value)) throw CallException.Argument($"options.{name} is {value}; expected a finite number {expected}.");
    }
}

/// <summary><c>gk_solve_result</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SolveSummary
{
    public double Loss, RelativeGradient;
    public long Iterations;
    public int Converged;
}
