namespace GracefulKernels.Native;

/// <summary><c>gk_status</c>.</summary>
internal enum Status
{
    Ok = 0,
    InvalidArgument = 1,
    InvalidHandle = 2,
    NotSupported = 3,
    NotPositiveDefinite = 4,
    IO = 5,
    OutOfMemory = 6,
    Diverged = 7,
    Internal = 8,
}
