using System.Globalization;
using GracefulKernels.Experiments.Protocol;
using Spectre.Console;

namespace GracefulKernels.Experiments.LqfTable;

/// <summary>Errors over the draws of a cell, and beside those of ordinary fine-tuning.</summary>
internal sealed class TableSummary
{
    private readonly Dictionary<(int Depth, string Data, int Shots, string Method), double> _errors;

    public TableSummary(IEnumerable<IReadOnlyDictionary<string, string>> rows) => _errors = rows
        .GroupBy(r => (int.Parse(r["depth"], CultureInfo.InvariantCulture), r["data"], int.Parse(r["shots"], CultureInfo.InvariantCulture), r["method"]))
        .ToDictionary(g => g.Key, g => g.Average(r => double.Parse(r["error"], CultureInfo.InvariantCulture)));

    /// <summary>The cells that there are.</summary>
    public IEnumerable<(int Depth, string Data, int Shots)> Cells => _errors.Keys.Select(k => (k.Depth, k.Data, k.Shots)).Distinct().Order();

    /// <summary>Mean test error in per cent over the draws; NaN where the cell was not run.</summary>
    public double Error(int depth, string data, int shots, string method) => _errors.GetValueOrDefault((depth, data, shots, method), double.NaN);

    /// <summary><c>(error − error of NLFT) / error of NLFT</c> in per cent: LQF's relative error increase.</summary>
    public double Increase(int depth, string data, int shots, string method)
    {
        double baseline = Error(depth, data, shots, TableMethod.Baseline);
        return 100 * (Error(depth, data, shots, method) - baseline) / baseline;
    }

    /// <summary>The median increase over the cells that a method was run in, of these shots or of all.</summary>
    public double MedianIncrease(string method, int? shots = null)
        => Errors.Median(Cells.Where(c => shots is null || c.Shots == shots).Select(c => Increase(c.Depth, c.Data, c.Shots, method)).Where(double.IsFinite));

    /// <summary>Both tables.</summary>
    public void Print(IAnsiConsole console)
    {
        Table errors = new Table().Title("Test error, %").AddColumns("network", "data", "a class");
        Table increases = new Table().Title("Median relative error increase over NLFT, %").AddColumns("method", "all");
        foreach (TableMethod m in TableMethod.All) errors.AddColumn(m.Name);
        foreach ((int depth, string data, int shots) in Cells)
        {
            errors.AddRow([$"ResNet-{depth}", data, $"{shots}", .. TableMethod.All.Select(m => Text(Error(depth, data, shots, m.Name)))]);
        }
        int[] all = [.. Cells.Select(c => c.Shots).Distinct().Order()];
        foreach (int shots in all) increases.AddColumn($"{shots} a class");
        foreach (TableMethod m in TableMethod.All.Skip(1))
        {
            increases.AddRow([m.Name, Text(MedianIncrease(m.Name)), .. all.Select(s => Text(MedianIncrease(m.Name, s)))]);
        }
        console.Write(errors);
        console.Write(increases);
    }

    private static string Text(double value) => double.IsFinite(value) ? value.ToString("F1", CultureInfo.InvariantCulture) : "–";
}
