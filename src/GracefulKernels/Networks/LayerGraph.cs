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
}
