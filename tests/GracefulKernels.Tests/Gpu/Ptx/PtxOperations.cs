using System.Buffers.Binary;

namespace GracefulKernels.Tests;

/// <summary>The operations that concern one thread. Registers hold 32 bits with their sign extended, fp32 as its bits, predicates as 0 or 1.</summary>
internal static class PtxOperations
{
    /// <summary>The work of an instruction; the first operand is the register that it sets.</summary>
    public static Action<PtxThread> For(string name, PtxOperand[] o)
    {
        PtxOperand d = At(o, 0), x = At(o, 1), y = At(o, 2), z = At(o, 3);
        return name switch
        {
            "mov.b32" or "mov.u32" or "mov.f32" => Int(d, t => (int)x.Of(t)),
            "mov.b64" => Long(d, x.Of),
            "cvt.s64.s32" => Long(d, t => (int)x.Of(t)),
            "add.s32" or "add.u32" => Int(d, t => (int)x.Of(t) + (int)y.Of(t)),
            "sub.s32" => Int(d, t => (int)x.Of(t) - (int)y.Of(t)),
            "mul.lo.s32" => Int(d, t => (int)x.Of(t) * (int)y.Of(t)),
            "div.s32" => Int(d, t => (int)x.Of(t) / (int)y.Of(t)),
            "and.b32" => Int(d, t => (int)x.Of(t) & (int)y.Of(t)),
            "shl.b32" => Int(d, t => (int)x.Of(t) << Shift(y.Of(t), 32)),
            "shr.s32" => Int(d, t => (int)x.Of(t) >> Shift(y.Of(t), 32)),
            "add.s64" => Long(d, t => x.Of(t) + y.Of(t)),
            "mul.lo.s64" => Long(d, t => x.Of(t) * y.Of(t)),
            "shl.b64" => Long(d, t => x.Of(t) << Shift(y.Of(t), 64)),
            "setp.lt.s32" => Long(d, t => (int)x.Of(t) < (int)y.Of(t) ? 1 : 0),
            "setp.le.s32" => Long(d, t => (int)x.Of(t) <= (int)y.Of(t) ? 1 : 0),
            "setp.gt.s32" => Long(d, t => (int)x.Of(t) > (int)y.Of(t) ? 1 : 0),
            "setp.ge.s32" => Long(d, t => (int)x.Of(t) >= (int)y.Of(t) ? 1 : 0),
            "selp.b32" => Int(d, t => (int)(t.Predicate(z.Register) ? x : y).Of(t)),
            "add.f32" => Float(d, t => x.FloatOf(t) + y.FloatOf(t)),
            "sub.f32" => Float(d, t => x.FloatOf(t) - y.FloatOf(t)),
            "cvt.rna.tf32.f32" => Int(d, t => RoundToTensor((int)x.Of(t))),
            "ld.param.b32" => Int(d, t => BinaryPrimitives.ReadInt32LittleEndian(t.Group.Parameters.AsSpan((int)x.Number))),
            "ld.param.b64" => Long(d, t => BinaryPrimitives.ReadInt64LittleEndian(t.Group.Parameters.AsSpan((int)x.Number))),
            "ld.shared.f32" => Int(d, t => BinaryPrimitives.ReadInt32LittleEndian(t.Group.Shared.At(x.AddressOf(t), 4, 4))),
            "st.global.v2.f32" => t => Store(t, d.AddressOf(t), x.Of(t), y.Of(t)),
            "cp.async.cg.shared.global" when y == new PtxOperand(-1, 16) => t => t.Copy(d.AddressOf(t), x.AddressOf(t), (int)z.Of(t)),
            "cp.async.commit_group" => t => t.CommitCopies(),
            "cp.async.wait_group" => t => t.AwaitCopies((int)d.Number),
            _ => throw new PtxFaultException($"unknown operation: {name}"),
        };
    }

    /// <summary>To ten bits of mantissa, to the nearest, halves away from zero; 13 bits of zeros remain.</summary>
    public static int RoundToTensor(int bits) => float.IsFinite(BitConverter.Int32BitsToSingle(bits)) ? (bits + 0x1000) & ~0x1FFF : bits;

    private static PtxOperand At(PtxOperand[] operands, int index) => index < operands.Length ? operands[index] : new PtxOperand(-1, 0);

    private static Action<PtxThread> Int(PtxOperand target, Func<PtxThread, int> value) => t => t.Registers[target.Register] = value(t);

    private static Action<PtxThread> Long(PtxOperand target, Func<PtxThread, long> value) => t => t.Registers[target.Register] = value(t);

    private static Action<PtxThread> Float(PtxOperand target, Func<PtxThread, float> value) => t => t.Registers[target.Register] = BitConverter.SingleToInt32Bits(value(t));

    private static int Shift(long by, int bits) => by >= 0 && by < bits ? (int)by : throw new PtxFaultException($"a shift by {by} bits");

    private static void Store(PtxThread thread, long address, long first, long second)
    {
        Span<byte> target = thread.Group.Global.At(address, 8, 8, write: true);
        BinaryPrimitives.WriteInt32LittleEndian(target, (int)first);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], (int)second);
    }
}
