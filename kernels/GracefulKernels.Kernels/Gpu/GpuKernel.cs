using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace GracefulKernels.Kernels;

/// <summary>What a kernel asks of a device, and what its generated code promises (checked by <see cref="KernelAudit"/>).</summary>
[Flags]
internal enum KernelTraits
{
    None,

    /// <summary>Global memory is read or written 16 bytes at a time.</summary>
    Vectors = 1,

    /// <summary>Tensor cores or <c>cp.async</c> by inline PTX: NVIDIA from compute capability 8.0 on.</summary>
    TensorCores = 2,

    /// <summary>Warp shuffles: NVIDIA, and OpenCL devices with subgroups.</summary>
    Shuffles = 4,
}

/// <summary>
/// One kernel of the GPU set: a static method over one struct of arguments, and the group that runs it. Each is a static readonly field
/// of its room, so that <see cref="All"/>, and with it the audit, finds every one of them.
/// </summary>
internal abstract class GpuKernel
{
    protected GpuKernel(MethodInfo method, int groupSize, KernelTraits traits, int sharing)
    {
        Method = method;
        GroupSize = groupSize;
        Traits = traits;
        Sharing = sharing;
        Name = NameOf(method);
    }

    /// <summary>Every kernel of the assembly.</summary>
    public static IReadOnlyList<GpuKernel> All
    {
        [RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
        get => field ??= Find();
    }

    /// <summary>For messages: room, method and configuration, for example <c>GemmGpu.Product&lt;Tile128&gt;</c>.</summary>
    public string Name { get; }

    public MethodInfo Method { get; }

    /// <summary>Threads of a group, which the kernel knows as a constant.</summary>
    public int GroupSize { get; }

    public KernelTraits Traits { get; }

    /// <summary>Groups that are to share a multiprocessor, which bounds the registers of a thread; 0 where the compiler may take what it likes.</summary>
    public int Sharing { get; }

    public EntryPointDescription EntryPoint => EntryPointDescription.FromExplicitlyGroupedKernel(Method);

    /// <summary>Tells the compiler of the device how many threads a group has, so that it gives each as many registers as it can.</summary>
    public KernelSpecialization Specialization => new(GroupSize, Sharing > 0 ? Sharing : null);

    public override string ToString() => Name;

    private static string NameOf(MethodInfo method)
    {
        string types = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(t => t.Name))}>" : "";
        return $"{method.DeclaringType!.Name}.{method.Name}{types}";
    }

    [RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
    private static IReadOnlyList<GpuKernel> Find() =>
    [
        .. from type in typeof(GpuKernel).Assembly.GetTypes()
           where !type.ContainsGenericParameters
           from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           where typeof(GpuKernel).IsAssignableFrom(field.FieldType)
           select (GpuKernel)field.GetValue(null)!,
    ];
}

/// <summary>A kernel over arguments of <typeparamref name="TArguments"/>: views and numbers.</summary>
internal sealed class GpuKernel<TArguments>(
    Action<TArguments> kernel, int groupSize = GpuKernels.GroupSize, KernelTraits traits = KernelTraits.None, int sharing = 0)
    : GpuKernel(kernel.Method, groupSize, traits, sharing)
    where TArguments : struct;
