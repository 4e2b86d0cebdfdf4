namespace GracefulKernels;

/// <summary>
/// One fused operation of the execution plan, with its three passes: the primal, its derivative along a direction of the weights and of its inputs (JVP),
/// and the adjoint of that (VJP). Inputs and output are numbers of values; where they lie is the sweep's business.
/// </summary>
internal abstract class LayerStep(int[] inputs, int output)
{
    public int[] Inputs { get; } = inputs;

    public int Output { get; } = output;

    /// <summary>Place in the plan.</summary>
    public int Index { get; set; }

    public virtual bool HasParameters => false;

    /// <summary>Whether JVP and VJP read the primal of this input.</summary>
    public virtual bool SavesInput(int k) => false;

    /// <summary>Mask words that one sample's primal leaves for JVP and VJP.</summary>
    public virtual int MaskWords => 0;

    /// <summary>Places of maxima that one sample's primal leaves for JVP and VJP.</summary>
    public virtual int ArgmaxLength => 0;

    /// <summary>Whether the output may be written over this input, in the primal and in the JVP.</summary>
    public virtual bool WritesOver(int k) => false;

    /// <summary>Whether the output's cotangent, changed in place, is this input's: then it changes hands without a copy.</summary>
    public virtual bool PassesCotangent(int k) => false;

    public abstract void Forward(Sweep s);

    public abstract void Tangent(Sweep s);

    /// <summary>Adds to the cotangents of the inputs that need one, and hands those of parameters to <paramref name="sink"/>. May change the output's.</summary>
    public abstract void Cotangent(Sweep s, ICotangentSink sink);
}
