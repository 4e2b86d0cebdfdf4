using System.Globalization;
using System.Text.RegularExpressions;

namespace GracefulKernels.Tests;

/// <summary>A kernel's PTX, parsed: the instructions, with registers as numbers and labels as places.</summary>
internal sealed partial class PtxProgram
{
    /// <summary>Where shared memory begins: not at 0, so that an address without the beginning shows.</summary>
    public const int SharedAddress = 1024;

    /// <summary>Registers that the machine sets, in this order from 0 on.</summary>
    public static readonly string[] Special = ["%tid.x", "%ctaid.x", "%ctaid.y"];

    private readonly Dictionary<string, int> _registers = [];
    private readonly Dictionary<string, long> _symbols = [];
    private readonly Dictionary<string, int> _labels = [];

    private PtxProgram(string text)
    {
        text = Comment().Replace(text, "");
        Match head = Head().Match(text);
        if (!head.Success) throw new PtxFaultException("no entry with one block of arguments");
        _symbols[head.Groups["name"].Value] = 0;
        ParameterBytes = Number(head.Groups["bytes"].Value);
        GroupSize = Number(head.Groups["threads"].Value);
        foreach (string name in Special) _registers[name] = _registers.Count;
        int start = head.Index + head.Length;
        List<string> statements = Statements(text[start..text.LastIndexOf('}')]);
        Instructions = [.. statements.Select(Parse), new PtxInstruction { Text = "end of text", Step = PtxStep.End }];
    }

    public PtxInstruction[] Instructions { get; }

    public int Registers => _registers.Count;

    public int ParameterBytes { get; }

    public int SharedBytes { get; private set; }

    public int GroupSize { get; }

    public static PtxProgram Of(string text) => new(text);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Instructions as they are written; what is declared and labels go to their tables.</summary>
    private List<string> Statements(string body)
    {
        List<string> statements = [];
        foreach (string part in body.Split(';'))
        {
            string statement = part.Trim();
            for (Match label = Label().Match(statement); label.Success; label = Label().Match(statement))
            {
                _labels.Add(label.Groups[1].Value, statements.Count);
                statement = statement[label.Length..];
            }
            if (statement.StartsWith(".reg", StringComparison.Ordinal)) DeclareRegisters(statement);
            else if (statement.StartsWith(".shared", StringComparison.Ordinal)) DeclareShared(statement);
            else if (statement.Length > 0) statements.Add(statement);
        }
        return statements;
    }

    private void DeclareRegisters(string statement)
    {
        foreach (Match names in Declared().Matches(statement))
        {
            string name = names.Groups["name"].Value;
            if (!names.Groups["count"].Success) _registers.Add(name, _registers.Count);
            else for (int i = 0; i < Number(names.Groups["count"].Value); i++) _registers.Add(name + i.ToString(CultureInfo.InvariantCulture), _registers.Count);
        }
    }

    private void DeclareShared(string statement)
    {
        Match shared = Shared().Match(statement);
        if (!shared.Success || SharedBytes > 0) throw new PtxFaultException($"not one array of shared memory: {statement}");
        _symbols.Add(shared.Groups["name"].Value, SharedAddress);
        SharedBytes = Number(shared.Groups["bytes"].Value);
    }

    private PtxInstruction Parse(string statement)
    {
        Match parts = Instruction().Match(statement);
        string name = parts.Groups["operation"].Value;
        string[] written = [.. Written().Matches(parts.Groups["operands"].Value).Select(m => m.Value)];
        bool branch = name is "bra" or "bra.uni";
        PtxStep step = name switch
        {
            "bra" or "bra.uni" => PtxStep.Branch,
            "bar.sync" => PtxStep.Barrier,
            PtxMatrixProduct.Name => PtxStep.Matrix,
            "ret" => PtxStep.End,
            _ => PtxStep.Work,
        };
        bool guarded = parts.Groups["guard"].Success;
        if (guarded && step is not (PtxStep.Work or PtxStep.Branch)) throw new PtxFaultException($"only some threads come to: {statement}");
        PtxOperand[] operands = branch ? [] : [.. written.Select(Operand)];
        return new PtxInstruction
        {
            Text = statement,
            Step = step,
            Guard = guarded ? _registers[parts.Groups["guard"].Value] : -1,
            Inverted = parts.Groups["not"].Length > 0,
            Target = branch ? _labels[written[0]] : 0,
            Operands = operands,
            Work = step == PtxStep.Work ? PtxOperations.For(name, operands) : static _ => { },
        };
    }

    private PtxOperand Operand(string text)
    {
        if (!text.StartsWith('[')) return Value(text);
        string[] parts = text[1..^1].Split('+', StringSplitOptions.TrimEntries);
        PtxOperand address = Value(parts[0]);
        return parts.Length == 1 ? address : address with { Number = address.Number + Number(parts[1]) };
    }

    private PtxOperand Value(string text)
    {
        text = text.Trim();
        if (_registers.TryGetValue(text, out int register)) return new PtxOperand(register, 0);
        if (_symbols.TryGetValue(text, out long address)) return new PtxOperand(-1, address);
        if (text.StartsWith("0f", StringComparison.Ordinal)) return new PtxOperand(-1, int.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? new PtxOperand(-1, number) : throw new PtxFaultException($"unknown name: {text}");
    }

    [GeneratedRegex("//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.entry\s+\w+\s*\(\s*\.param\s+\.align\s+\d+\s+\.b8\s+(?<name>\w+)\[(?<bytes>\d+)\]\s*\)\s*\.maxntid\s+(?<threads>\d+)[^{]*\{")]
    private static partial Regex Head();

    [GeneratedRegex(@"^(\w+):\s*")]
    private static partial Regex Label();

    [GeneratedRegex(@"(?<=\s)(?<name>[%a-z]\w*)(<(?<count>\d+)>)?")]
    private static partial Regex Declared();

    [GeneratedRegex(@"^\.shared\s+\.align\s+\d+\s+\.b8\s+(?<name>\w+)\[(?<bytes>\d+)\]$")]
    private static partial Regex Shared();

    [GeneratedRegex(@"^(@(?<not>!?)(?<guard>\S+)\s+)?(?<operation>\S+)\s*(?<operands>.*)$", RegexOptions.Singleline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\[[^\]]*\]|[^\s,{}]+")]
    private static partial Regex Written();
}
