using System.Text.RegularExpressions;

namespace GracefulKernels.Cli.Bench;

/// <summary>
/// A pattern with <c>*</c> (any run of characters) and <c>?</c> (one), for the whole of a title, upper and lower case alike. A pattern
/// with neither matches any title that contains it.
/// </summary>
internal sealed class Glob
{
    private readonly Regex _regex;

    public Glob(string pattern)
    {
        if (pattern.IndexOfAny(['*', '?']) < 0) pattern = $"*{pattern}*";
        string body = Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal);
        _regex = new Regex($"^{body}$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    public bool IsMatch(string title) => _regex.IsMatch(title);
}
