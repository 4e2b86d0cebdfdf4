using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Version and errors. The front (front/front.c) answers for the version itself and asks here whether both are of one build.</summary>
internal static unsafe class Library
{
    /// <summary><c>GK_ABI_VERSION</c> of include/graceful_kernels.h.</summary>
    public const int AbiVersion = 1;

    private static readonly byte* VersionText = (byte*)Marshal.StringToCoTaskMemUTF8(typeof(Library).Assembly.GetName().Version!.ToString(3));

    [UnmanagedCallersOnly(EntryPoint = "gk_abi_version")]
    public static int Abi() => AbiVersion;

    [UnmanagedCallersOnly(EntryPoint = "gk_version")]
    public static byte* Version() => VersionText;

    [UnmanagedCallersOnly(EntryPoint = "gk_last_error")]
    public static byte* LastError() => ErrorText.Current;
}
