using System.Globalization;
using System.Text.RegularExpressions;

namespace GracefulKernels.Cli.Comparison;

/// <summary>A bound that an update must keep to be released: a figure, <c>&lt;= &lt; &gt;= &gt;</c>, and a number, plain or in percent.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Figure">One of <see cref="UpdateFigures.OfGates"/>.</param>
/// <param name="Operator">The comparison.</param>
/// <param name="Bound">The number; 0.005 for 0.5 %.</param>
/// <param name="InPercent">Whether it was given in percent, and the figure is shown so too.</param>
internal sealed partial record Gate(string Text, string Figure, string Operator, double Bound, bool InPercent)
{
    /// <summary>Reads a gate; says what is wrong where it is none.</summary>
    public static bool TryParse(string text, out Gate gate, out string problem)
    {
        gate = null!;
        problem = "";
        Match match = Pattern().Match(text);
        if (!match.Success || !decimal.TryParse(match.Groups["number"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
        {
            problem = $"--gate is '{text}'; expected FIGURE<=NUMBER, with <=, <, >= or >, and the number plain or in percent: nfr<=0.5%.";
            return false;
        }
        string figure = match.Groups["figure"].Value;
        if (!UpdateFigures.OfGates.ContainsKey(figure))
        {
            problem = $"--gate is '{text}'; expected one of the figures {string.Join(", ", UpdateFigures.OfGates.Keys)}.";
            return false;
        }
        bool percent = match.Groups["percent"].Success;
        // In decimal: 0.7 in binary over 100 is not what 70 of 10,000 is.
        gate = new Gate(text.Trim(), figure, match.Groups["operator"].Value, (double)(percent ? number / 100 : number), percent);
        return true;
    }

    /// <summary>Whether the update keeps the bound. A figure without a value (0/0, or of logits where predictions were given) keeps none.</summary>
    public GateVerdict Judge(UpdateComparison update)
    {
        double value = UpdateFigures.OfGates[Figure](update);
        bool met = Operator switch
        {
            "<=" => value <= Bound,
            "<" => value < Bound,
            ">=" => value >= Bound,
            _ => value > Bound,
        };
        return new GateVerdict(this, value, met);
    }

    /// <summary>A number as the gate has its own.</summary>
    public string Write(double value) => double.IsNaN(value) ? "no value"
        : InPercent ? (100 * value).ToString("0.####", CultureInfo.InvariantCulture) + " %"
        : value.ToString("0.########", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*(?<figure>[a-z-]+)\s*(?<operator><=|>=|<|>)\s*(?<number>[-+]?[0-9.]+([eE][-+]?[0-9]{1,2})?)\s*(?<percent>%)?\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

/// <summary>Whether an update keeps a gate.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Value">The update's figure; NaN where it has none.</param>
/// <param name="Met">Whether it is within the bound.</param>
internal sealed record GateVerdict(Gate Gate, double Value, bool Met)
{
    /// <summary>The bound and what was found, in words.</summary>
    public override string ToString() => $"{Gate.Figure} {Gate.Operator} {Gate.Write(Gate.Bound)}: {(Met ? "met" : "not met")}, {Gate.Figure} is {Gate.Write(Value)}";
}
