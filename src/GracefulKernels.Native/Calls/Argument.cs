using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace GracefulKernels.Native;

/// <summary>Checks of plain arguments; messages name the C parameter.</summary>
internal static unsafe class Argument
{
    /// <summary>Strict: a byte that is no UTF-8 is not turned into something else.</summary>
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A number of rows, columns, ...</summary>
    public static int Size(long value, string name, int least = 0, int most = int.MaxValue)
    {
        if (value < least || value > most) throw Range(value, name, least, most);
        return (int)value;
    }

    /// <summary>An <c>enum</c> that begins at 0.</summary>
    public static T Choice<T>(int value, int count, string name) where T : struct, Enum
    {
        if ((uint)value >= (uint)count) throw CallException.Argument($"{name} is {value}; expected one of 0 to {count - 1}.");
        return Unsafe.BitCast<int, T>(value);
    }

    public static void Given(void* pointer, string name)
    {
        if (pointer == null) throw Null(name);
    }

    /// <summary>UTF-8 of a file's path.</summary>
    public static string Path(byte* text, string name)
    {
        Given(text, name);
        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        if (bytes.IsEmpty) throw CallException.Argument($"{name} is empty.");
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw CallException.Argument($"{name} is not UTF-8.");
        }
    }

    public static CallException Null(string name, string? shape = null)
        => CallException.Argument(shape is null ? $"{name} is NULL." : $"{name} is NULL; expected {shape}.");

    private static CallException Range(long value, string name, int least, int most)
        => CallException.Argument($"{name} is {value}; expected {least} to {most}.");
}
