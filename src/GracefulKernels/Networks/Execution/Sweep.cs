using GracefulKernels.Kernels;

namespace GracefulKernels;

/// <summary>
/// The workspace of passes over one batch at a time. Its arenas are allocated at the first pass that needs them, for the largest batch, and used again:
/// a step allocates nothing after its first run. One sweep serves one caller at a time.
/// </summary>
internal sealed class Sweep : IDisposable
{
    private readonly int _capacity;
    private readonly bool _records;
    private readonly int _scratchChannels;
    private DeviceMemory? _primalArena;
    private DeviceMemory? _tangentArena;
    private DeviceMemory? _cotangentArena;
    private DeviceMemory? _scratch;
    private Block<float> _primals;
    private Block<float> _tangents;
    private Block<float> _cotangents;
    private PrimalState? _state;

    /// <param name="records">Whether the primal leaves its state for JVP and VJP.</param>
    public Sweep(ExecutionPlan plan, IKernels kernels, DeviceWeights weights, int capacity, bool records)
    {
        Plan = plan;
        Kernels = kernels;
        Weights = weights;
        _capacity = capacity;
        _records = records;
        _scratchChannels = plan.Steps.OfType<BatchNormStep>().Select(s => BufferPlan.RoundUp(s.Channels)).DefaultIfEmpty(0).Max();
    }

    public ExecutionPlan Plan { get; }

    public IKernels Kernels { get; }

    public DeviceWeights Weights { get; }

    public int Capacity => _capacity;

    /// <summary>Samples of the batch at work.</summary>
    public int Batch { get; private set; }

    /// <summary>Of the JVP: one flat vector.</summary>
    public Block<float> Direction { get; private set; }

    /// <summary>Logits of the last primal, [batch × outputs].</summary>
    public Block<float> Output => Value(Plan.Output);

    /// <summary>Result of the last JVP, [batch × outputs].</summary>
    public Block<float> OutputTangent => Tangent(Plan.Output);

    /// <summary>Where the images of a batch are put before its primal, [batch × height × width × channels].</summary>
    public Block<float> BeginPrimal(int batch, PrimalState? state)
    {
        BufferPlan buffers = _records ? Plan.Primal : Plan.Inference;
        _primalArena ??= Kernels.Allocate(buffers.Length * _capacity * sizeof(float));
        _primals = _primalArena.AsBlock<float>();
        Batch = batch;
        _state = state;
        return Value(0);
    }

    /// <summary>The primal of the images put where <see cref="BeginPrimal"/> said.</summary>
    public void RunPrimal()
    {
        foreach (LayerStep step in Plan.Steps) step.Forward(this);
    }

    /// <summary>JVP along <paramref name="direction"/> at a primal state; see <see cref="OutputTangent"/>.</summary>
    public void RunTangent(int batch, PrimalState state, Block<float> direction)
    {
        _tangentArena ??= Kernels.Allocate(Plan.Tangents.Length * _capacity * sizeof(float));
        _tangents = _tangentArena.AsBlock<float>();
        Scratch();
        Attach(batch, state);
        Direction = direction;
        foreach (LayerStep step in Plan.Steps)
        {
            if (HasTangent(step.Output)) step.Tangent(this);
        }
    }

    /// <summary>VJP of <paramref name="seed"/> [batch × outputs] at a primal state.</summary>
    public void RunCotangent(int batch, PrimalState state, Block<float> seed, ICotangentSink sink)
    {
        _cotangentArena ??= Kernels.Allocate(Plan.Cotangents.Length * _capacity * sizeof(float));
        _cotangents = _cotangentArena.AsBlock<float>();
        Attach(batch, state);
        Kernels.Copy(seed, Cotangent(Plan.Output));
        for (int i = Plan.Steps.Length - 1; i >= 0; i--)
        {
            if (HasTangent(Plan.Steps[i].Output)) Plan.Steps[i].Cotangent(this, sink);
        }
    }

    /// <summary>Looks at a primal state without a pass.</summary>
    public void Attach(int batch, PrimalState state)
    {
        Batch = batch;
        _state = state;
    }

    public bool HasTangent(int value) => Plan.HasTangent[value];

    /// <summary>A primal value, in the pass that computes it.</summary>
    public Block<float> Value(int value)
        => _records && Plan.Saved[value] ? Saved(value) : Place(_primals, (_records ? Plan.Primal : Plan.Inference).Offsets[value], value);

    /// <summary>A primal value that the state keeps.</summary>
    public Block<float> Saved(int value) => _state!.Values.Slice(Plan.State.Values[value] * _state.Capacity, (long)Plan.Lengths[value] * Batch);

    public Block<float> Tangent(int value) => Place(_tangents, Plan.Tangents.Offsets[value], value);

    public Block<float> Cotangent(int value) => Place(_cotangents, Plan.Cotangents.Offsets[value], value);

    /// <summary>Empty where the primal leaves no state.</summary>
    public Block<ushort> Mask(LayerStep step) => Words(step, step.MaskWords);

    /// <summary>Empty where the primal leaves no state.</summary>
    public Block<ushort> Argmax(LayerStep step) => Words(step, step.ArgmaxLength);

    /// <summary>What the cotangent of a step's input is multiplied by before the step adds to it.</summary>
    public float Beta(LayerStep step, int k) => Plan.Cotangents.Accumulates[step.Index][k] ? 1f : 0f;

    /// <summary>Whether the cotangent of a step's input lies where the output's did.</summary>
    public bool IsPassed(LayerStep step, int k) => Plan.Cotangents.Passes[step.Index][k];

    public Block<float> ChannelScratch(int which, int channels) => _scratch!.AsBlock<float>().Slice((long)which * _scratchChannels, channels);

    public void Dispose()
    {
        _primalArena?.Dispose();
        _tangentArena?.Dispose();
        _cotangentArena?.Dispose();
        _scratch?.Dispose();
    }

    private void Scratch()
    {
        if (_scratchChannels > 0) _scratch ??= Kernels.Allocate(2L * _scratchChannels * sizeof(float));
    }

    private Block<float> Place(Block<float> arena, long offset, int value) => arena.Slice(offset * _capacity, (long)Plan.Lengths[value] * Batch);

    private Block<ushort> Words(LayerStep step, int words)
        => _records && words > 0 ? _state!.Words.Slice(Plan.State.Words[step.Index] * _state.Capacity, (long)words * Batch) : default;
}
