using System.Globalization;

namespace GracefulKernels.Experiments.Results;

/// <summary>
/// A CSV that grows row by row and is written anew, whole or not at all, at each: a run that was stopped goes on behind its last row. The first columns are
/// the key of a row. Fields hold no comma, quote or line break.
/// </summary>
internal sealed class ResultsFile
{
    private readonly string _path;
    private readonly string[] _columns;
    private readonly int _keys;
    private readonly List<string[]> _rows = [];

    /// <param name="path">Read where it exists.</param>
    /// <param name="keys">How many of the columns make the key.</param>
    /// <param name="columns">Names.</param>
    /// <exception cref="InvalidDataException">The file that exists has other columns.</exception>
    public ResultsFile(string path, int keys, params string[] columns)
    {
        (_path, _keys, _columns) = (path, keys, columns);
        if (!File.Exists(path)) return;
        string[] lines = File.ReadAllLines(path);
        if (lines.Length == 0 || lines[0] != string.Join(',', columns)) throw new InvalidDataException($"{path} begins with other columns; expected {string.Join(',', columns)}.");
        _rows.AddRange(lines.Skip(1).Select(l => l.Split(',')));
        int bad = _rows.FindIndex(r => r.Length != columns.Length);
        if (bad >= 0) throw new InvalidDataException($"{path}: line {bad + 2} has {_rows[bad].Length} fields; expected {columns.Length}.");
    }

    /// <summary>All rows, each by column.</summary>
    public IEnumerable<IReadOnlyDictionary<string, string>> Rows => _rows.Select(r => _columns.Zip(r).ToDictionary(p => p.First, p => p.Second));

    /// <summary>Whether there is a row of this key.</summary>
    public bool Has(params object[] key)
    {
        string[] wanted = [.. key.Select(Text)];
        return _rows.Exists(r => r.AsSpan(0, _keys).SequenceEqual(wanted));
    }

    /// <summary>Adds a row and writes the file.</summary>
    public void Add(params object[] values)
    {
        string[] row = [.. values.Select(Text)];
        if (row.Length != _columns.Length) throw new ArgumentException($"values has {row.Length} fields; expected {_columns.Length}.", nameof(values));
        if (row.FirstOrDefault(f => f.AsSpan().IndexOfAny(",\"\r\n") >= 0) is { } field) throw new ArgumentException($"'{field}' does not fit into a field.", nameof(values));
        _rows.Add(row);
        string text = string.Concat(_rows.Prepend(_columns).Select(r => string.Join(',', r) + "\n"));
        string aside = _path + ".part";
        File.WriteAllText(aside, text);
        File.Move(aside, _path, overwrite: true);
    }

    private static string Text(object value) => value switch
    {
        double d => d.ToString("0.####", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
