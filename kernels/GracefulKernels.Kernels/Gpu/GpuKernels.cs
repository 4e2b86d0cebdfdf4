using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace GracefulKernels.Kernels;

/// <summary>
/// The GPU set, through ILGPU: one accelerator, one stream, work in the order of the calls. Each room has its part beside the CPU's. Operations
/// return before the device is done, unless they return a number. Results are the same bits from run to run on a device.
/// </summary>
[RequiresDynamicCode(GpuSupport.DynamicCode), RequiresUnreferencedCode(GpuSupport.UnreferencedCode)]
internal sealed partial class GpuKernels : IKernels
{
    /// <summary>Threads of a group where a kernel does not say otherwise.</summary>
    public const int GroupSize = 256;

    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;
    private readonly BufferPool _pool;
    private readonly MemoryBuffer _nothing;
    private readonly CuBlas? _cuBlas;
    private readonly GpuMemory?[] _scratch = new GpuMemory?[(int)GpuScratch.Count];
    private readonly Dictionary<GpuKernel, Delegate> _launchers = [];
    private readonly List<Staged> _staged = [];
    private readonly Lock _gate = new();
    private Exception? _lost;
    private bool _disposed;

    /// <exception cref="PlatformNotSupportedException">The settings ask for what this device does not have.</exception>
    public GpuKernels(Accelerator accelerator, string name, GpuSettings? settings = null)
    {
        _accelerator = accelerator;
        Name = name;
        Settings = settings ?? new GpuSettings();
        _stream = accelerator.DefaultStream;
        RequireTensorCores();
        if (Settings.UseCuBlas) _cuBlas = OpenCuBlas();
        _pool = new BufferPool(accelerator, Title);
        _nothing = accelerator.Allocate1D<byte>(256);
    }

    /// <summary>Where the set runs: <c>cuda:0</c>, <c>opencl:0</c>.</summary>
    public string Name { get; }

    /// <summary>Name and model, for messages.</summary>
    public string Title => $"{Name} ({_accelerator.Name.Trim()})";

    public int Threads => 1;

    public GpuSettings Settings { get; }

    /// <summary>Groups that fill the device a few times over: the grid of kernels whose threads go over their elements in strides.</summary>
    public int Wave => Math.Max(1, _accelerator.NumMultiprocessors) * 8;

    internal Accelerator Accelerator => _accelerator;

    internal BufferPool Pool => _pool;

    /// <summary>Begins an operation: the calling thread has the device until the call is disposed.</summary>
    public GpuCall Begin()
    {
        _gate.Enter();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_lost is not null) throw Lost(_lost);
            _accelerator.Bind();
            return new GpuCall(this, _staged.Count);
        }
        catch
        {
            _gate.Exit();
            throw;
        }
    }

    /// <summary>Waits until all work is done.</summary>
    public void Synchronize()
    {
        using GpuCall call = Begin();
        Guarded("waiting for the device", () => _stream.Synchronize());
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            try
            {
                _accelerator.Bind();
                _cuBlas?.Dispose();
                _ring?.Dispose();
                _pool.Dispose();
                _accelerator.Dispose();
            }
            catch (AcceleratorException) when (_lost is not null)
            {
                // The driver of a lost device refuses to free what it no longer has; the cause was reported when it was lost.
            }
        }
    }

    /// <summary>After a fault of the driver nothing that the device holds can be trusted: all later work is refused with the cause.</summary>
    internal void Lose(Exception cause) => _lost ??= cause;

    internal ArrayView<T> Nothing<T>() where T : unmanaged => _nothing.AsRawArrayView(0, 256).Cast<T>().SubView(0, 0);

    internal ArrayView<T> ViewOf<T>(Block<T> block) where T : unmanaged
    {
        if (block.Memory is not GpuMemory memory || memory.Owner != this)
        {
            throw new ArgumentException($"A buffer of {(block.Memory is GpuMemory other ? other.Owner.Name : "another device")} was given to {Name}: copy it through the host.");
        }
        return Part<T>(memory.Buffer, block.Address, block.Length);
    }

    internal ArrayView<T> ScratchView<T>(GpuScratch slot, long count) where T : unmanaged
        => Part<T>(ScratchMemory<T>(slot, count).Buffer, 0, count);

    internal Block<T> ScratchBlock<T>(GpuScratch slot, long count) where T : unmanaged
        => ScratchMemory<T>(slot, count).AsBlock<T>().Slice(0, count);

    private GpuMemory ScratchMemory<T>(GpuScratch slot, long count) where T : unmanaged
    {
        long bytes = Math.Max(count, 1) * Interop.SizeOf<T>();
        GpuMemory? memory = _scratch[(int)slot];
        if (memory is null || memory.ByteLength < bytes)
        {
            _scratch[(int)slot] = null;
            memory?.Dispose();
            _scratch[(int)slot] = memory = new GpuMemory(this, _pool, bytes);
        }
        return memory;
    }

    internal void Launch<TArguments>(GpuKernel<TArguments> kernel, Index3D groups, in TArguments arguments) where TArguments : struct
    {
        if (groups.X == 0 || groups.Y == 0 || groups.Z == 0) return;
        Debug.Assert(groups.X > 0 && groups.Y is > 0 and <= 65535 && groups.Z is > 0 and <= 65535);
        var launcher = (Action<AcceleratorStream, KernelConfig, TArguments>)Launcher(kernel);
        try
        {
            launcher(_stream, new KernelConfig(groups, new Index3D(kernel.GroupSize, 1, 1)), arguments);
        }
        catch (AcceleratorException e)
        {
            Lose(e);
            throw Lost(e, kernel.Name);
        }
    }

    internal unsafe void FetchView<T>(ArrayView<T> source, Span<T> destination) where T : unmanaged
    {
        if (destination.IsEmpty) return;
        int length = destination.Length;
        // The copy knows addresses only: a collection must not move what it writes to.
        fixed (T* pinned = destination)
        {
            nint host = (nint)pinned;
            Guarded("a download", () => source.SubView(0, length).CopyToCPU(_stream, ref *(T*)host, length));
        }
    }

    internal ArrayView<T> Stage<T>(Block<T> block, bool upload, bool download) where T : unmanaged => ViewOf(StageBlock(block, upload, download));

    internal unsafe Block<T> StageBlock<T>(Block<T> block, bool upload, bool download) where T : unmanaged
    {
        var memory = new GpuMemory(this, _pool, block.Length * sizeof(T));
        _staged.Add(new Staged(memory, block.Address, download));
        ArrayView<T> view = Part<T>(memory.Buffer, 0, block.Length);
        if (upload) Guarded("an upload", () => view.CopyFromCPU(_stream, ref *block.Pointer, block.Length));
        return memory.AsBlock<T>().Slice(0, block.Length);
    }

    /// <summary>Brings back what was staged since <paramref name="firstStaged"/>, and gives the device to the next thread.</summary>
    internal void EndCall(int firstStaged)
    {
        try
        {
            for (int i = firstStaged; i < _staged.Count; i++)
            {
                Staged staged = _staged[i];
                if (staged.Download && _lost is null) Guarded("a download", () => staged.BringBack(_stream));
            }
        }
        finally
        {
            for (int i = firstStaged; i < _staged.Count; i++) _staged[i].Memory.Dispose();
            _staged.RemoveRange(firstStaged, _staged.Count - firstStaged);
            _gate.Exit();
        }
    }

    private static ArrayView<T> Part<T>(MemoryBuffer buffer, nint byteOffset, long length) where T : unmanaged
        => length == 0 ? buffer.AsRawArrayView(0, Interop.SizeOf<T>()).Cast<T>().SubView(0, 0) : buffer.AsRawArrayView(byteOffset, length * Interop.SizeOf<T>()).Cast<T>();

    private Delegate Launcher<TArguments>(GpuKernel<TArguments> kernel) where TArguments : struct
    {
        if (_launchers.TryGetValue(kernel, out Delegate? launcher)) return launcher;
        return _launchers[kernel] = KernelLoader.Load(kernel, _accelerator, Title);
    }

    private void Guarded(string what, Action action)
    {
        try
        {
            action();
        }
        catch (AcceleratorException e)
        {
            Lose(e);
            throw Lost(e, what);
        }
    }

    private void RequireTensorCores()
    {
        if (Settings.Arithmetic == MatrixArithmetic.Float32) return;
        if (_accelerator is CudaAccelerator { Architecture: var architecture } && architecture >= CudaArchitecture.SM_80) return;
        throw new PlatformNotSupportedException($"{Title} has no TF32 tensor cores (NVIDIA, compute capability 8.0 and newer); its precision is float32.");
    }

    private CuBlas OpenCuBlas()
    {
        if (_stream is not CudaStream stream) throw new PlatformNotSupportedException($"cuBLAS runs on CUDA devices; {Title} is none.");
        _accelerator.Bind();
        return CuBlas.Open(stream.StreamPtr, Settings.Arithmetic == MatrixArithmetic.TensorFloat32);
    }

    private InvalidOperationException Lost(Exception cause, string? kernel = null)
        => new($"{Title} failed{(kernel is null ? "" : $" at {kernel}")}: {cause.Message} It takes no more work; open the device again. Other devices go on working.", cause);

    private readonly unsafe record struct Staged(GpuMemory Memory, nint Host, bool Download)
    {
        public void BringBack(AcceleratorStream stream)
            => Memory.Buffer.AsRawArrayView(0, Memory.ByteLength).CopyToCPU(stream, ref *(byte*)Host, Memory.ByteLength);
    }
}
