namespace GracefulKernels.Native;

/// <summary>What a handle stands for, as a C type is called.</summary>
internal enum HandleKind
{
    Device,
    Network,
    Linearized,
    Factors,
    Model,
}

/// <summary>
/// An object behind a handle. Calls enter and leave; whoever closes it keeps others from entering and waits for those that are inside. A device is shared by calls, every other
/// object belongs to one at a time.
/// </summary>
internal sealed class Handle(nint value, HandleKind kind, object target, Handle? device)
{
    private const int Closed = 1 << 30;

    private readonly object _gate = new();
    private int _calls;

    public nint Value => value;

    public HandleKind Kind => kind;

    public object Target => target;

    /// <summary>The device that the object was made on; null for a device.</summary>
    public Handle? Device => device;

    /// <summary>False where it was closed.</summary>
    public bool TryEnter()
    {
        if ((Interlocked.Increment(ref _calls) & Closed) != 0)
        {
            CountOut();
            return false;
        }
        if (kind == HandleKind.Device) return true;
        if (!device!.TryEnter())
        {
            CountOut();
            throw CallException.Handle($"{Handles.Name(kind)} was made with a device that has been closed since.");
        }
        Monitor.Enter(target);
        return true;
    }

    public void Exit()
    {
        if (kind != HandleKind.Device)
        {
            Monitor.Exit(target);
            device!.Exit();
        }
        CountOut();
    }

    /// <summary>Lets nobody in any more and waits until nobody is inside. False where it was closed before.</summary>
    public bool TryClose()
    {
        if ((Interlocked.Or(ref _calls, Closed) & Closed) != 0) return false;
        lock (_gate)
        {
            while (Volatile.Read(ref _calls) != Closed) Monitor.Wait(_gate);
        }
        return true;
    }

    private void CountOut()
    {
        if (Interlocked.Decrement(ref _calls) != Closed) return;
        lock (_gate) Monitor.PulseAll(_gate);
    }
}
