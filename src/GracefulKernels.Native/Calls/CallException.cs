namespace GracefulKernels.Native;

/// <summary>What a call is refused with; the message is for the C caller as it is.</summary>
internal sealed class CallException(Status status, string message) : Exception(message)
{
    public Status Status { get; } = status;

    public static CallException Argument(string message) => new(Status.InvalidArgument, message);

    public static CallException Handle(string message) => new(Status.InvalidHandle, message);
}
