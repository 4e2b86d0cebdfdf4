namespace GracefulKernels;

/// <summary>Nodes in topological order (inputs before their users, the network's input first, its output last).</summary>
internal static class LayerGraph
{
    /// <summary>The nodes that <paramref name="output"/> needs, renumbered; it becomes the last.</summary>
    public static LayerNode[] Reachable(IReadOnlyList<LayerNode> nodes, int output)
    {
        bool[] needed = new bool[nodes.Count];
        needed[output] = needed[0] = true;
        for (int i = output; i > 0; i--)
        {
            if (!needed[i]) continue;
            foreach (int input in nodes[i].Inputs) needed[input] = true;
        }
        int[] newIndex = new int[nodes.Count];
        var kept = new List<LayerNode>();
        for (int i = 0; i <= output; i++)
        {
            if (!needed[i]) continue;
            newIndex[i] = kept.Count;
            kept.Add(nodes[i].Renumber(newIndex));
        }
        return [.. kept];
    }

    /// <summary>How many nodes take the output of each node; the network's output has one taker more.</summary>
    public static int[] Consumers(IReadOnlyList<LayerNode> nodes)
    {
        int[] count = new int[nodes.Count];
        foreach (LayerNode node in nodes)
        {
            foreach (int input in node.Inputs) count[input]++;
        }
        count[^1]++;
        return count;
    }

    /// <summary>
    /// The nodes whose output every path from input to output goes through, in order; the input is the first, the output the last. Node c is one where no edge leads
    /// from a node before it to a node behind it.
    /// </summary>
    public static List<int> CutPoints(IReadOnlyList<LayerNode> nodes)
    {
        int[] lastTaker = new int[nodes.Count];
        for (int j = 1; j < nodes.Count; j++)
        {
            foreach (int input in nodes[j].Inputs) lastTaker[input] = j;
        }
        var cuts = new List<int>();
        for (int c = 0, farthest = 0; c < nodes.Count; c++)
        {
            if (farthest <= c) cuts.Add(c);
            farthest = Math.Max(farthest, lastTaker[c]);
        }
        return cuts;
    }

    /// <summary>The nodes up to a cut point, which becomes the output.</summary>
    public static LayerNode[] Before(IReadOnlyList<LayerNode> nodes, int cut) => Reachable(nodes, cut);

    /// <summary>The nodes behind a cut point, which becomes the input; a flattened image stays one.</summary>
    public static LayerNode[] Behind(IReadOnlyList<LayerNode> nodes, int cut)
    {
        int[] newIndex = [.. Enumerable.Range(0, nodes.Count).Select(i => i - cut)];
        return [new InputNode(nodes[cut].Shape), .. nodes.Skip(cut + 1).Select(n => n.Renumber(newIndex))];
    }

    /// <summary>The tail behind the trunk: its input is the trunk's output.</summary>
    public static LayerNode[] Join(IReadOnlyList<LayerNode> trunk, IReadOnlyList<LayerNode> tail)
    {
        int[] newIndex = [.. Enumerable.Range(trunk.Count - 1, tail.Count)];
        return [.. trunk, .. tail.Skip(1).Select(n => n.Renumber(newIndex))];
    }

    /// <summary>The node whose value this is: flattening moves nothing.</summary>
    public static int Unflattened(IReadOnlyList<LayerNode> nodes, int node)
    {
        while (nodes[node] is FlattenNode flatten) node = flatten.Inputs[0];
        return node;
    }
}
