using System.Globalization;
using System.Text.RegularExpressions;

namespace GracefulKernels.Cli.Samples;

/// <summary>
/// A file, or a stretch of its rows: <c>PATH[FIRST:LAST]</c> with Python's meaning (LAST is left out; either may be missing). One file can so serve for training
/// and for testing.
/// </summary>
internal sealed partial record FileRange(string Path, long First, long? Last)
{
    /// <exception cref="InvalidDataException">The range is empty.</exception>
    public static FileRange Parse(string text)
    {
        // A file that has such a name is that file.
        Match match = Range().Match(text);
        if (!match.Success || File.Exists(text)) return new FileRange(text, 0, null);
        string path = match.Groups["path"].Value;
        if (!Number(match.Groups["first"], out long? first) || !Number(match.Groups["last"], out long? last) || (last is not null && last <= (first ?? 0)))
        {
            throw new InvalidDataException($"'{text}': found an empty range; expected PATH[FIRST:LAST] with FIRST < LAST.");
        }
        return new FileRange(path, first ?? 0, last);
    }

    /// <summary>First row and number of rows, of a file that has <paramref name="rows"/>.</summary>
    /// <exception cref="InvalidDataException">The file has fewer rows.</exception>
    public (int First, int Count) Of(long rows)
    {
        long last = Last ?? rows;
        if (First >= rows || last > rows)
        {
            throw new InvalidDataException($"{Path}: rows {First} to {last} were asked for; the file has {rows}.");
        }
        if (last > int.MaxValue) throw new InvalidDataException($"{Path}: rows {First} to {last} were asked for; at most {int.MaxValue} rows can be taken.");
        return ((int)First, (int)(last - First));
    }

    /// <summary>First row of a file that has <paramref name="rows"/>, of which the range must take <paramref name="count"/>.</summary>
    /// <exception cref="InvalidDataException">The file has fewer rows, or the range another number.</exception>
    public int FirstOf(long rows, long count)
    {
        (int first, int found) = Of(rows);
        return found == count ? first : throw new InvalidDataException($"{this}: found {found} images; expected {count}, one for each label.");
    }

    public override string ToString() => First == 0 && Last is null ? Path : $"{Path}[{(First == 0 ? "" : First)}:{Last}]";

    private static bool Number(Group group, out long? value)
    {
        value = null;
        if (!group.Success || group.Length == 0) return true;
        bool ok = long.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        if (ok) value = number;
        return ok;
    }

    [GeneratedRegex(@"^(?<path>.+)\[(?<first>\d{0,12}):(?<last>\d{0,12})\]$", RegexOptions.CultureInvariant)]
    private static partial Regex Range();
}
