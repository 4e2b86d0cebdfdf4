using System.Text;

namespace GracefulKernels.Native;

/// <summary>From an exception to a status and a message for the C caller: no exception crosses the border.</summary>
internal static class Failure
{
    /// <summary>Keeps the message for <c>gk_last_error</c> and returns the status.</summary>
    public static int Of(Exception e)
    {
        try
        {
            Status status = StatusOf(e);
            ErrorText.Set(status == Status.Internal ? $"{e.GetType().Name}: {e.Message}" : Message(e));
            return (int)status;
        }
        catch (Exception)
        {
            // No memory for the message.
            return (int)(e is OutOfMemoryException ? Status.OutOfMemory : Status.Internal);
        }
    }

    private static Status StatusOf(Exception e) => e switch
    {
        CallException call => call.Status,
        InvalidDataException { InnerException: NotSupportedException } => Status.NotSupported,
        NotPositiveDefiniteException => Status.NotPositiveDefinite,
        ArgumentException => Status.InvalidArgument,
        OverflowException => Status.Internal,
        ArithmeticException => Status.Diverged,
        NotSupportedException => Status.NotSupported,
        OutOfMemoryException => Status.OutOfMemory,
        IOException or UnauthorizedAccessException or InvalidDataException => Status.IO,
        _ => Status.Internal,
    };

    /// <summary>Names of parameters as C writes them, and without what .NET puts behind.</summary>
    private static string Message(Exception e)
    {
        string message = e.Message;
        if (e is not ArgumentException { ParamName: { Length: > 0 } name }) return message;
        int behind = message.LastIndexOf($" (Parameter '{name}')", StringComparison.Ordinal);
        if (behind > 0) message = message[..behind];
        string here = InC(name);
        // Where the message begins with a member of options, that is the parameter.
        int end = 0;
        while (end < message.Length && char.IsAsciiLetterOrDigit(message[end])) end++;
        if (end > 1 && char.IsAsciiLetterUpper(message[0]) && message.AsSpan(end).StartsWith(" is ")) return $"options.{InC(message[..end])}{message[end..]}";
        return message.StartsWith(name, StringComparison.Ordinal) ? $"{here}{message[name.Length..]}" : message.Contains(here, StringComparison.Ordinal) ? message : $"{here}: {message}";
    }

    /// <summary><c>newLogits</c>, <c>NewLogits</c> → <c>new_logits</c>.</summary>
    private static string InC(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
