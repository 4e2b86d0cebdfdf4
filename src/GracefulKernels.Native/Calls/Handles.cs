namespace GracefulKernels.Native;

/// <summary>
/// The open handles. A handle is a number that is never given out twice and never followed as an address: what is closed, of another kind or was never a handle is found out.
/// </summary>
internal static class Handles
{
    /// <summary>Bits of a handle that say where in the table it is; above them is its serial number, below them a 1, which no address of an object in C has.</summary>
    private const int SlotBits = 20;

    private static readonly Lock Gate = new();
    private static readonly Stack<int> Free = new();
    private static volatile Handle?[] _table = new Handle?[16];
    private static int _used;
    private static long _serial;

    /// <summary>A new handle.</summary>
    public static nint Open(HandleKind kind, object target, Handle? device)
    {
        lock (Gate)
        {
            if (!Free.TryPop(out int slot))
            {
                if (_used == 1 << SlotBits) throw new CallException(Status.OutOfMemory, $"More than {1 << SlotBits} handles are open.");
                slot = _used++;
                Handle?[] table = _table;
                if (slot == table.Length)
                {
                    Array.Resize(ref table, 2 * slot);
                    _table = table;
                }
            }
            var value = (nint)((((++_serial << SlotBits) | (long)slot) << 1) | 1);
            Volatile.Write(ref _table[slot], new Handle(value, kind, target, device));
            return value;
        }
    }

    /// <summary>Enters the object; it is left when the use is disposed of.</summary>
    /// <param name="parameter">What the C parameter is called.</param>
    public static Use<T> Use<T>(nint value, HandleKind kind, string parameter) where T : class
    {
        Handle handle = Find(value, kind, parameter);
        return handle.TryEnter() ? new Use<T>(handle) : throw NotOpen(kind, parameter);
    }

    /// <summary>Closes it, after the call that runs; NULL is no handle and is let pass.</summary>
    public static void Close(nint value, HandleKind kind, string parameter)
    {
        if (value == 0) return;
        Handle handle = Find(value, kind, parameter);
        if (!handle.TryClose()) throw NotOpen(kind, parameter);
        lock (Gate)
        {
            int slot = Slot(value);
            _table[slot] = null;
            Free.Push(slot);
        }
        (handle.Target as IDisposable)?.Dispose();
    }

    /// <summary>The C type.</summary>
    public static string Name(HandleKind kind) => kind switch
    {
        HandleKind.Device => "gk_device",
        HandleKind.Network => "gk_network",
        HandleKind.Linearized => "gk_linearized",
        HandleKind.Factors => "gk_factors",
        _ => "gk_model",
    };

    private static int Slot(nint value) => (int)((value >> 1) & ((1 << SlotBits) - 1));

    private static Handle Find(nint value, HandleKind kind, string parameter)
    {
        if (value == 0) throw CallException.Handle($"{parameter} is NULL; expected a {Name(kind)}.");
        Handle?[] table = _table;
        int slot = Slot(value);
        Handle? handle = (value & 1) != 0 && slot < table.Length ? Volatile.Read(ref table[slot]) : null;
        if (handle is null || handle.Value != value) throw NotOpen(kind, parameter);
        if (handle.Kind != kind) throw CallException.Handle($"{parameter} is a {Name(handle.Kind)}; expected a {Name(kind)}.");
        return handle;
    }

    private static CallException NotOpen(HandleKind kind, string parameter)
        => CallException.Handle($"{parameter} is no open {Name(kind)}: it was closed, or never was one.");
}
