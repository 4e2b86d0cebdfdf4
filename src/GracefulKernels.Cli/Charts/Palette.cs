using ScottPlot;

namespace GracefulKernels.Cli.Charts;

/// <summary>Okabe and Ito's colours, which stay apart for colour-blind eyes, in the order in which series take them.</summary>
internal static class Palette
{
    public static readonly Color Blue = new("#0072B2");
    public static readonly Color Vermilion = new("#D55E00");
    public static readonly Color Green = new("#009E73");
    public static readonly Color Purple = new("#CC79A7");
    public static readonly Color Sky = new("#56B4E9");
    public static readonly Color Orange = new("#E69F00");
    public static readonly Color Ink = new("#222222");
    public static readonly Color Faint = new("#DDDDDD");

    /// <summary>Positive flips are <see cref="Blue"/>, negative flips <see cref="Vermilion"/>, in every picture.</summary>
    public static readonly Color PositiveFlips = Blue, NegativeFlips = Vermilion;

    private static readonly Color[] Series = [Blue, Vermilion, Green, Purple, Sky, Orange, Ink];

    /// <summary>Lines are told apart by pattern too, for prints without colour.</summary>
    private static readonly LinePattern[] Patterns = [LinePattern.Solid, LinePattern.Dashed, LinePattern.Dotted, LinePattern.DenselyDashed];

    public static Color Of(int series) => Series[series % Series.Length];

    public static LinePattern PatternOf(int series) => Patterns[series % Patterns.Length];
}
