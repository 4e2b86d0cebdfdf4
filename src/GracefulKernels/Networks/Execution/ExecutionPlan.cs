namespace GracefulKernels;

/// <summary>
/// The steps of a network in order, built once. A product takes into its epilogue what follows it: its bias, the residual sum it is the last
/// operand of, and the activation behind. Flattening is no step: both sides are one value.
/// </summary>
internal sealed class ExecutionPlan
{
    private ExecutionPlan(LayerStep[] steps, int[] lengths, int output)
    {
        Steps = steps;
        Lengths = lengths;
        Output = output;
        Saved = new bool[lengths.Length];
        HasTangent = new bool[lengths.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            LayerStep step = steps[i];
            step.Index = i;
            HasTangent[step.Output] = step.HasParameters || step.Inputs.Any(v => HasTangent[v]);
            for (int k = 0; k < step.Inputs.Length; k++) Saved[step.Inputs[k]] |= step.SavesInput(k);
        }
        Primal = BufferPlan.Forward(steps, lengths, 0, output, v => true, v => !Saved[v]);
        Inference = BufferPlan.Forward(steps, lengths, 0, output, v => true, v => true);
        Tangents = BufferPlan.Forward(steps, lengths, -1, output, v => HasTangent[v], v => HasTangent[v]);
        Cotangents = BufferPlan.Backward(steps, lengths, output, v => HasTangent[v]);
        State = new StateLayout(steps, lengths, Saved);
    }

    public LayerStep[] Steps { get; }

    /// <summary>Elements of one sample of each value; value 0 is the network's input.</summary>
    public int[] Lengths { get; }

    /// <summary>The value that holds the logits.</summary>
    public int Output { get; }

    /// <summary>Values whose primal JVP and VJP read.</summary>
    public bool[] Saved { get; }

    /// <summary>Values that depend on a parameter: only these have tangents and cotangents.</summary>
    public bool[] HasTangent { get; }

    public BufferPlan Primal { get; }

    public BufferPlan Inference { get; }

    public BufferPlan Tangents { get; }

    public BufferPlan Cotangents { get; }

    public StateLayout State { get; }

    public static ExecutionPlan Build(IReadOnlyList<LayerNode> nodes, ParameterLayout layout)
    {
        Fusion[] fusions = FindFusions(nodes);
        int[] valueOf = new int[nodes.Count];
        var steps = new List<LayerStep>();
        int normalizations = 0, constants = 0;
        var headOf = new Dictionary<int, int>();
        HashSet<int> covered = [.. fusions.Select(f => f.Sum).Where(n => n > 0)];
        for (int i = 0; i < nodes.Count; i++)
        {
            valueOf[i] = nodes[i] is FlattenNode ? valueOf[nodes[i].Inputs[0]] : i;
            if (fusions[i].Tail > 0) headOf.Add(fusions[i].Tail, i);
        }
        for (int i = 1; i < nodes.Count; i++)
        {
            if (headOf.TryGetValue(i, out int head))
            {
                steps.Add(Product(nodes[head], fusions[head], valueOf, layout));
                continue;
            }
            if (covered.Contains(i)) continue;
            int[] inputs = [.. nodes[i].Inputs.Select(v => valueOf[v])];
            switch (nodes[i])
            {
                case BatchNormNode n:
                    steps.Add(new BatchNormStep(
                        inputs, i, n.Name, layout[$"{n.Name}.weight"], layout[$"{n.Name}.bias"], n.Shape.Pixels, n.Epsilon, normalizations++));
                    break;
                case LeakyReluNode n: steps.Add(new LeakyReluStep(inputs, i, n.Shape, n.Slope)); break;
                case MaxPoolNode n: steps.Add(new MaxPoolStep(inputs, i, n.Pool)); break;
                case MeanPoolNode n: steps.Add(new MeanPoolStep(inputs, i, n.Pool)); break;
                case GlobalMeanNode n: steps.Add(new GlobalMeanStep(inputs, i, n.Pixels, n.Shape.Channels)); break;
                case AddNode: steps.Add(new AddStep(inputs, i)); break;
                case FrozenLinearNode n: steps.Add(new FrozenLinearStep(inputs, i, n.Weight, n.Bias, constants++)); break;
                case ShortcutNode n: steps.Add(new ShortcutStep(inputs, i, n.Shortcut)); break;
                default: break;
            }
        }
        return new ExecutionPlan([.. steps], [.. nodes.Select(n => n.Shape.Elements)], valueOf[^1]);
    }

    private static ProductStep Product(LayerNode head, Fusion fusion, int[] valueOf, ParameterLayout layout)
    {
        int x = valueOf[head.Inputs[0]];
        int[] inputs = fusion.Addend >= 0 ? [x, valueOf[fusion.Addend]] : [x];
        ParameterInfo weight = layout[$"{head.Name}.weight"];
        _ = layout.TryGet($"{head.Name}.bias", out ParameterInfo? bias);
        return head switch
        {
            ConvolutionNode c => new ConvolutionStep(inputs, fusion.Tail, c.Name, weight, bias, c.Convolution, fusion.Slope),
            LinearNode l => new LinearStep(inputs, fusion.Tail, l.Name, weight, bias, l.InputShape.Elements, l.Shape.Channels, fusion.Slope),
            _ => throw new InvalidOperationException(head.Name),
        };
    }

    /// <summary>For each product the last node that its epilogue covers. Later products choose first, so that of two operands of a sum the earlier is the addend.</summary>
    private static Fusion[] FindFusions(IReadOnlyList<LayerNode> nodes)
    {
        int[] consumers = LayerGraph.Consumers(nodes);
        bool[] taken = new bool[nodes.Count];
        var fusions = new Fusion[nodes.Count];
        for (int i = nodes.Count - 1; i > 0; i--)
        {
            if (nodes[i] is not (ConvolutionNode or LinearNode)) continue;
            int tail = i, sum = 0, addend = -1;
            float? slope = null;
            int next = OnlyConsumer(nodes, consumers, tail);
            if (next > 0 && nodes[next] is AddNode && !taken[next])
            {
                taken[next] = true;
                addend = nodes[next].Inputs[0] == tail ? nodes[next].Inputs[1] : nodes[next].Inputs[0];
                tail = sum = next;
                next = OnlyConsumer(nodes, consumers, tail);
            }
            if (next > 0 && nodes[next] is LeakyReluNode leaky)
            {
                slope = leaky.Slope;
                tail = next;
            }
            fusions[i] = new Fusion(tail, sum == tail ? 0 : sum, addend, slope);
        }
        return fusions;
    }

    private static int OnlyConsumer(IReadOnlyList<LayerNode> nodes, int[] consumers, int node)
    {
        if (consumers[node] != 1) return -1;
        for (int i = node + 1; i < nodes.Count; i++)
        {
            if (nodes[i].Inputs.Contains(node)) return i;
        }
        return -1;
    }

    /// <param name="Tail">The node whose output the product writes.</param>
    /// <param name="Sum">A sum that lies between product and tail, or 0.</param>
    /// <param name="Addend">The sum's other operand, or −1.</param>
    /// <param name="Slope">Of the activation in the epilogue.</param>
    private readonly record struct Fusion(int Tail, int Sum, int Addend, float? Slope);
}
