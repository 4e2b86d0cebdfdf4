using System.Diagnostics;
using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The primal states of batches: the first ones in device memory, the next in a file that is mapped, the others nowhere; these are computed again in one state
/// that they share. Filled batch by batch in one pass, then only read.
/// </summary>
internal sealed unsafe class ActivationStore : IDisposable
{
    private const int Page = 4096;
    private const int StagingBytes = 1 << 24;

    private readonly StateLayout _layout;
    private readonly IKernels _kernels;
    private readonly PrimalState?[] _states;
    private readonly int _batchSize;
    private readonly int _samples;
    private readonly bool _onHost;
    private readonly long _stride;
    private readonly Stopwatch _storing = new();
    private SpillFile? _spill;
    private byte* _mapped;
    private byte[]? _staging;
    private PrimalState? _shared;
    private int _sharedBatch = -1;

    /// <exception cref="IOException">The folder for the file cannot be used. A disk without room is none: see <see cref="Problem"/>.</exception>
    public ActivationStore(Network network, int samples, int batchSize, LinearizedOptions options)
    {
        _layout = network.Plan.State;
        _kernels = network.Device.Kernels;
        _onHost = network.Device.Simd is not null;
        _samples = samples;
        _batchSize = batchSize;
        int batches = (samples + batchSize - 1) / batchSize;
        long bytes = Math.Max(_layout.BytesPerSample * batchSize, 1);
        _stride = (bytes + Page - 1) / Page * Page;
        InMemory = (int)Math.Min(batches, options.BudgetOn(network.Device) / bytes);
        Mapped = (int)Math.Min(batches - InMemory, options.SpillBytes / _stride);
        _states = new PrimalState?[batches];
        if (Mapped == 0) return;
        string folder = options.SpillFolder ?? Path.GetTempPath();
        try
        {
            _spill = options.CreateSpill(folder, Mapped * _stride);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new IOException($"SpillFolder '{folder}' cannot hold a file: {e.Message}", e);
        }
        catch (IOException e)
        {
            GiveUp(0, e);
        }
    }

    /// <summary>Batches in device memory: the first ones.</summary>
    public int InMemory { get; }

    /// <summary>Batches in the file: those behind them.</summary>
    public int Mapped { get; private set; }

    /// <summary>Why fewer batches are in the file than were asked for.</summary>
    public string? Problem { get; private set; }

    /// <summary>Time spent on the file in the first pass.</summary>
    public TimeSpan Storing => _storing.Elapsed;

    /// <summary>Bytes of the file.</summary>
    public long MappedBytes => Mapped * _stride;

    /// <summary>Bytes of the one state that batches share, in the first pass at least; 0 where all are in memory.</summary>
    public long SharedBytes => InMemory == _states.Length ? 0 : _layout.BytesPerSample * _batchSize;

    /// <summary>First pass: where the primal of a batch leaves its state.</summary>
    public PrimalState ToFill(int batch)
        => batch < InMemory ? _states[batch] = new PrimalState(_layout, _kernels, Math.Min(_batchSize, _samples - (batch * _batchSize))) : BeginShared();

    /// <summary>First pass: the state of the batch is there.</summary>
    public void Filled(int batch)
    {
        if (batch < InMemory) return;
        if (batch >= InMemory + Mapped)
        {
            _sharedBatch = batch;
            return;
        }
        _storing.Start();
        try
        {
            Write(_shared!.Bytes, (batch - InMemory) * _stride);
        }
        catch (IOException e)
        {
            GiveUp(batch - InMemory, e);
        }
        _storing.Stop();
    }

    /// <summary>Behind the first pass.</summary>
    public void Seal()
    {
        _staging = null;
        if (_spill is null) return;
        try
        {
            _mapped = _spill.Map(MappedBytes);
        }
        catch (IOException e)
        {
            GiveUp(0, e);
            return;
        }
        if (!_onHost) return;
        for (int b = 0; b < Mapped; b++) _states[InMemory + b] = new PrimalState(_layout, _mapped + (b * _stride), _batchSize);
        // Batches in the file are read in place: nobody needs the state that they were computed in.
        if (InMemory + Mapped == _states.Length)
        {
            _shared?.Dispose();
            _shared = null;
        }
    }

    /// <summary>The state of a batch; null where it is to be computed again.</summary>
    public PrimalState? Find(int batch)
    {
        if (_states[batch] is { } state) return state;
        if (_sharedBatch == batch) return _shared;
        if (batch >= InMemory + Mapped) return null;
        PrimalState shared = BeginShared();
        Load((batch - InMemory) * _stride, shared.Bytes);
        SharedHolds(batch);
        return shared;
    }

    /// <summary>The state that batches share, to be written.</summary>
    public PrimalState BeginShared()
    {
        _sharedBatch = -1;
        return _shared ??= new PrimalState(_layout, _kernels, _batchSize);
    }

    public void SharedHolds(int batch) => _sharedBatch = batch;

    public void Dispose()
    {
        foreach (PrimalState? state in _states) state?.Dispose();
        _shared?.Dispose();
        _spill?.Dispose();
    }

    /// <summary>Goes on without the file, or with its first batches alone.</summary>
    private void GiveUp(int batches, IOException why)
    {
        Problem = why.Message;
        Mapped = batches;
        if (batches > 0) return;
        _spill?.Dispose();
        _spill = null;
    }

    private void Write(Block<byte> state, long offset)
    {
        if (_onHost)
        {
            _spill!.Write(state.Pointer, state.Length, offset);
            return;
        }
        _staging ??= new byte[Math.Min(StagingBytes, state.Length)];
        fixed (byte* pinned = _staging)
        {
            for (long done = 0; done < state.Length; done += _staging.Length)
            {
                int part = (int)Math.Min(_staging.Length, state.Length - done);
                _kernels.Download(state.Slice(done, part), _staging.AsSpan(0, part));
                _spill!.Write(pinned, part, offset + done);
            }
        }
    }

    private void Load(long offset, Block<byte> state)
    {
        for (long done = 0; done < state.Length; done += StagingBytes)
        {
            int part = (int)Math.Min(StagingBytes, state.Length - done);
            _kernels.Upload(new ReadOnlySpan<byte>(_mapped + offset + done, part), state.Slice(done, part));
        }
    }
}
