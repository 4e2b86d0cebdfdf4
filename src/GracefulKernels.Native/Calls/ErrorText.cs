using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace GracefulKernels.Native;

/// <summary>Why the last call of a thread failed: UTF-8 with a NUL, in memory of its own that lives as long as the thread.</summary>
internal sealed unsafe class ErrorText
{
    [ThreadStatic]
    private static ErrorText? _ofThread;

    private byte* _text;
    private int _capacity;

    ~ErrorText() => NativeMemory.Free(_text);

    /// <summary>The calling thread's; never null.</summary>
    public static byte* Current => _ofThread is { _text: not null } own ? own._text : (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("\0"u8));

    /// <summary>A call begins: there is no error.</summary>
    public static void Clear()
    {
        if (_ofThread is { _text: not null } own) *own._text = 0;
    }

    public static void Set(string message) => (_ofThread ??= new ErrorText()).Write(message);

    private void Write(string message)
    {
        int length = Encoding.UTF8.GetByteCount(message) + 1;
        if (length > _capacity)
        {
            _text = (byte*)NativeMemory.Realloc(_text, (nuint)length);
            _capacity = length;
        }
        int written = Encoding.UTF8.GetBytes(message, new Span<byte>(_text, length - 1));
        _text[written] = 0;
    }
}
