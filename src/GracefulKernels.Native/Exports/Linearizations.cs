using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Networks linearised around their weights, and the curvature of that.</summary>
internal static unsafe class Linearizations
{
    [UnmanagedCallersOnly(EntryPoint = "gk_linearize")]
    public static int Linearize(nint network, float* images, long count, nint* linearized)
    {
        try
        {
            ErrorText.Clear();
            using Use<Network> use = Handles.Use<Network>(network, HandleKind.Network, "network");
            Argument.Given(linearized, "linearized");
            *linearized = 0;
            int n = Argument.Size(count, "count", 1);
            if ((long)n * use.Target.Outputs > Array.MaxLength) throw CallException.Argument($"count is {n}: with {use.Target.Outputs} outputs each expected at most {Array.MaxLength / use.Target.Outputs}.");
            *linearized = Handles.Open(HandleKind.Linearized, new LinearizedNetwork(use.Target, Images.All(images, n, use.Target), n), use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_linearized_jvp")]
    public static int Jvp(nint linearized, float* update, float* outputs)
    {
        try
        {
            ErrorText.Clear();
            using Use<LinearizedNetwork> use = Handles.Use<LinearizedNetwork>(linearized, HandleKind.Linearized, "linearized");
            LinearizedNetwork f = use.Target;
            Operand from = Operand.Vector(update, f.Network.Parameters.Count, "update"), to = Operand.Matrix(outputs, f.Samples, f.Outputs, "outputs");
            to.Apart(from);
            ReadOnlySpan<float> values = from.Span<float>("[parameters]");
            CheckFinite(values, "update");
            using ParameterVector d = ParameterVector.FromArray(f.Network.Parameters, f.Network.Device, values);
            f.Jvp(d).CopyTo(new Span<float>(outputs, f.Samples * f.Outputs));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_linearized_vjp")]
    public static int Vjp(nint linearized, float* cotangent, float* update)
    {
        try
        {
            ErrorText.Clear();
            using Use<LinearizedNetwork> use = Handles.Use<LinearizedNetwork>(linearized, HandleKind.Linearized, "linearized");
            LinearizedNetwork f = use.Target;
            Operand from = Operand.Matrix(cotangent, f.Samples, f.Outputs, "cotangent"), to = Operand.Vector(update, f.Network.Parameters.Count, "update");
            to.Apart(from);
            ReadOnlySpan<float> u = from.Span<float>("[count x outputs]");
            CheckFinite(u, "cotangent");
            using ParameterVector gradient = f.Vjp(u);
            float[] values = gradient.ToArray();
            values.CopyTo(new Span<float>(update, values.Length));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_linearized_close")]
    public static int Close(nint linearized)
    {
        try
        {
            ErrorText.Clear();
            Handles.Close(linearized, HandleKind.Linearized, "linearized");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_factors_compute")]
    public static int ComputeFactors(nint linearized, nint* factors)
    {
        try
        {
            ErrorText.Clear();
            using Use<LinearizedNetwork> use = Handles.Use<LinearizedNetwork>(linearized, HandleKind.Linearized, "linearized");
            Argument.Given(factors, "factors");
            *factors = 0;
            *factors = Handles.Open(HandleKind.Factors, KroneckerFactors.Compute(use.Target), use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_factors_save")]
    public static int SaveFactors(nint factors, byte* path)
    {
        try
        {
            ErrorText.Clear();
            using Use<KroneckerFactors> use = Handles.Use<KroneckerFactors>(factors, HandleKind.Factors, "factors");
            use.Target.Save(Argument.Path(path, "path"));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_factors_close")]
    public static int CloseFactors(nint factors)
    {
        try
        {
            ErrorText.Clear();
            Handles.Close(factors, HandleKind.Factors, "factors");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static void CheckFinite(ReadOnlySpan<float> values, string name) => Check.Finite(values, name);
}
