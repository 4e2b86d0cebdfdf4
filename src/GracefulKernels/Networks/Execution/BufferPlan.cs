namespace GracefulKernels;

/// <summary>
/// Where each value of a pass lies in an arena: buffers are taken when a value is written and given back behind its last use, so one arena serves the
/// whole network. Offsets and sizes are elements of one sample, multiples of 16.
/// </summary>
internal sealed class BufferPlan
{
    private readonly List<int> _slotLengths = [];
    private readonly SortedSet<(int Length, int Slot)> _free = [];
    private readonly int[] _slotOf;

    private BufferPlan(int values, int steps)
    {
        _slotOf = new int[values];
        Array.Fill(_slotOf, -1);
        Offsets = new long[values];
        Accumulates = new bool[steps][];
        Passes = new bool[steps][];
    }

    /// <summary>Of each value; −1 where it has no place here.</summary>
    public long[] Offsets { get; }

    /// <summary>Elements of the arena for one sample.</summary>
    public long Length { get; private set; }

    /// <summary>Backward: whether something was added to the cotangent of a step's input before.</summary>
    public bool[][] Accumulates { get; }

    /// <summary>Backward: whether the buffer of the output's cotangent became that of the input's.</summary>
    public bool[][] Passes { get; }

    public static int RoundUp(int elements) => checked(elements + 15) & ~15;

    /// <param name="input">The value that lies there before the first step, or −1.</param>
    /// <param name="takesPart">Values that the pass computes.</param>
    /// <param name="inArena">Those of them that lie in the arena.</param>
    public static BufferPlan Forward(LayerStep[] steps, int[] lengths, int input, int output, Func<int, bool> takesPart, Func<int, bool> inArena)
    {
        var plan = new BufferPlan(lengths.Length, steps.Length);
        int[] lastUse = new int[lengths.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            if (!takesPart(steps[i].Output)) continue;
            foreach (int v in steps[i].Inputs) lastUse[v] = i;
        }
        lastUse[output] = steps.Length;
        if (input >= 0 && inArena(input)) plan.Acquire(input, lengths[input]);
        for (int i = 0; i < steps.Length; i++)
        {
            LayerStep step = steps[i];
            if (!takesPart(step.Output)) continue;
            bool moved = false;
            if (inArena(step.Output))
            {
                for (int k = 0; k < step.Inputs.Length && !moved; k++)
                {
                    int v = step.Inputs[k];
                    moved = step.WritesOver(k) && lastUse[v] == i && plan._slotOf[v] >= 0;
                    if (moved) plan.Move(v, step.Output);
                }
                if (!moved) plan.Acquire(step.Output, lengths[step.Output]);
            }
            foreach (int v in step.Inputs.Distinct())
            {
                if (lastUse[v] == i) plan.Release(v);
            }
        }
        return plan.Finish();
    }

    public static BufferPlan Backward(LayerStep[] steps, int[] lengths, int output, Func<int, bool> takesPart)
    {
        var plan = new BufferPlan(lengths.Length, steps.Length);
        bool[] begun = new bool[lengths.Length];
        plan.Acquire(output, lengths[output]);
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            LayerStep step = steps[i];
            plan.Accumulates[i] = new bool[step.Inputs.Length];
            plan.Passes[i] = new bool[step.Inputs.Length];
            if (!takesPart(step.Output)) continue;
            // The addend of a product (input 1) is served before its input (0), as ProductStep does it.
            for (int k = step.Inputs.Length - 1; k >= 0; k--)
            {
                int v = step.Inputs[k];
                if (!takesPart(v)) continue;
                plan.Accumulates[i][k] = begun[v];
                if (begun[v]) continue;
                begun[v] = true;
                plan.Passes[i][k] = step.PassesCotangent(k) && plan._slotOf[step.Output] >= 0;
                if (plan.Passes[i][k]) plan.Move(step.Output, v);
                else plan.Acquire(v, lengths[v]);
            }
            plan.Release(step.Output);
        }
        return plan.Finish();
    }

    private void Acquire(int value, int length)
    {
        int size = RoundUp(length);
        (int Length, int Slot) best = _free.GetViewBetween((size, 0), (int.MaxValue, int.MaxValue)).Min;
        if (_free.Count > 0 && best == default) best = _free.Max;
        if (best != default && _free.Remove(best))
        {
            _slotLengths[best.Slot - 1] = Math.Max(best.Length, size);
            _slotOf[value] = best.Slot - 1;
        }
        else
        {
            _slotLengths.Add(size);
            _slotOf[value] = _slotLengths.Count - 1;
        }
        Offsets[value] = _slotOf[value] + 1;
    }

    // Slots count from 1 in the free list, so that the default pair means none.
    private void Release(int value)
    {
        if (_slotOf[value] < 0) return;
        _free.Add((_slotLengths[_slotOf[value]], _slotOf[value] + 1));
        _slotOf[value] = -1;
    }

    private void Move(int from, int to)
    {
        _slotOf[to] = _slotOf[from];
        Offsets[to] = Offsets[from];
        _slotOf[from] = -1;
    }

    private BufferPlan Finish()
    {
        long[] starts = new long[_slotLengths.Count];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = Length;
            Length += _slotLengths[i];
        }
        for (int v = 0; v < Offsets.Length; v++) Offsets[v] = Offsets[v] == 0 ? -1 : starts[Offsets[v] - 1];
        return this;
    }
}
