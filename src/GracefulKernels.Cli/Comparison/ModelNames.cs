namespace GracefulKernels.Cli.Comparison;

/// <summary>Short names of models from the paths of their files.</summary>
internal static class ModelNames
{
    /// <summary>
    /// File names less the beginning and the end that all of them share at a word's edge; whole paths where that does not tell them apart.
    /// </summary>
    public static string[] Shortest(string[] paths)
    {
        string[] names = [.. paths.Select(p => Path.GetFileNameWithoutExtension(p))];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length) return paths;
        int begin = 0, end = 0, shortest = names.Min(n => n.Length);
        while (begin < shortest && names.All(n => n[begin] == names[0][begin])) begin++;
        while (begin > 0 && char.IsLetterOrDigit(names[0][begin - 1])) begin--;
        while (end < shortest - begin && names.All(n => n[^(end + 1)] == names[0][^(end + 1)])) end++;
        while (end > 0 && char.IsLetterOrDigit(names[0][^end])) end--;
        string[] cut = [.. names.Select(n => n[begin..^end])];
        return cut.All(n => n.Length > 0) && cut.Distinct(StringComparer.Ordinal).Count() == cut.Length ? cut : names;
    }
}
