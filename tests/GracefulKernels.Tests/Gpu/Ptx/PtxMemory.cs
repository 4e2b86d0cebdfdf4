namespace GracefulKernels.Tests;

/// <summary>Arrays at made-up addresses; whatever lies outside of them, or is not aligned to its size, is a fault.</summary>
internal sealed class PtxMemory
{
    private readonly List<(long Address, byte[] Bytes, bool Writable)> _arrays = [];

    public void Add(long address, byte[] bytes, bool writable) => _arrays.Add((address, bytes, writable));

    public Span<byte> At(long address, int bytes, int alignment, bool write = false)
    {
        if (address % alignment != 0) throw new PtxFaultException($"address {address:X} is no multiple of {alignment}");
        foreach ((long start, byte[] array, bool writable) in _arrays)
        {
            if (address >= start && address + bytes <= start + array.Length && (writable || !write)) return array.AsSpan((int)(address - start), bytes);
        }
        throw new PtxFaultException($"{bytes} bytes at {address:X} lie outside of what may be {(write ? "written" : "read")}");
    }
}
