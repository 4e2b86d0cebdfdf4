namespace GracefulKernels.Kernels;

/// <summary>
/// PTX of <see cref="TensorProduct"/>. Registers are named once and keep their values between the pieces: that is how ILGPU's inline assembler can hold the
/// fragments and sums of <c>mma.sync</c>, whose arguments would otherwise pass through local memory. A piece must be one literal at its place of use, so
/// these are constants.
/// </summary>
/// <remarks>
/// Fragments of <c>m16n8k8</c> (PTX ISA, 9.7.13.4.6), g = lane / 4, t = lane % 4: A holds (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); B holds (t, g), (t + 4, g);
/// C holds (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1). A warp has 4 × 4 such products: 64 rows, 32 columns.
/// </remarks>
internal static class TensorText
{
    /// <summary>Two stages of both operands in shared memory, and every register.</summary>
    public const string Declare =
        ".shared .align 16 .b8 tensor_tiles[40960];\n"
        + "\t.reg .b32 tbase, taddr, tah<16>, tal<16>, tbh<8>, tbl<8>;\n"
        + "\t.reg .f32 tlow, tzero, tfa<16>, tfb<8>, tp<64>, tc<64>;\n"
        + "\t.reg .pred tq<4>;\n"
        + "\tmov.u32 tbase, tensor_tiles;\n"
        + "\tmov.f32 tzero, 0f00000000;\n"
        + Clear;

    /// <summary>16 bytes of global memory (%1) to shared memory (%0 behind its beginning); of them %2, zeros for the rest.</summary>
    public const string Copy = "add.u32 taddr, tbase, %0;\n\tcp.async.cg.shared.global [taddr], [%1], 16, %2;";

    /// <summary>Ends a stage of copies.</summary>
    public const string Commit = "cp.async.commit_group;";

    /// <summary>Waits until all copies but those of the last stage are there.</summary>
    public const string AwaitAllButOne = "cp.async.wait_group 1;";

    /// <summary>A stored along the inner dimension, rows of 80 bytes, from %0 on.</summary>
    public const string LoadAAlong =
        "add.u32 taddr, tbase, %0;\n\t"
        + "ld.shared.f32 tfa0, [taddr+0]; ld.shared.f32 tfa1, [taddr+640]; ld.shared.f32 tfa2, [taddr+16]; ld.shared.f32 tfa3, [taddr+656];\n\t"
        + "ld.shared.f32 tfa4, [taddr+1280]; ld.shared.f32 tfa5, [taddr+1920]; ld.shared.f32 tfa6, [taddr+1296]; ld.shared.f32 tfa7, [taddr+1936];\n\t"
        + "ld.shared.f32 tfa8, [taddr+2560]; ld.shared.f32 tfa9, [taddr+3200]; ld.shared.f32 tfa10, [taddr+2576]; ld.shared.f32 tfa11, [taddr+3216];\n\t"
        + "ld.shared.f32 tfa12, [taddr+3840]; ld.shared.f32 tfa13, [taddr+4480]; ld.shared.f32 tfa14, [taddr+3856]; ld.shared.f32 tfa15, [taddr+4496];";

    /// <summary>A stored across it: inner steps of 544 bytes.</summary>
    public const string LoadAAcross =
        "add.u32 taddr, tbase, %0;\n\t"
        + "ld.shared.f32 tfa0, [taddr+0]; ld.shared.f32 tfa1, [taddr+32]; ld.shared.f32 tfa2, [taddr+2176]; ld.shared.f32 tfa3, [taddr+2208];\n\t"
        + "ld.shared.f32 tfa4, [taddr+64]; ld.shared.f32 tfa5, [taddr+96]; ld.shared.f32 tfa6, [taddr+2240]; ld.shared.f32 tfa7, [taddr+2272];\n\t"
        + "ld.shared.f32 tfa8, [taddr+128]; ld.shared.f32 tfa9, [taddr+160]; ld.shared.f32 tfa10, [taddr+2304]; ld.shared.f32 tfa11, [taddr+2336];\n\t"
        + "ld.shared.f32 tfa12, [taddr+192]; ld.shared.f32 tfa13, [taddr+224]; ld.shared.f32 tfa14, [taddr+2368]; ld.shared.f32 tfa15, [taddr+2400];";

    /// <summary>B stored along the inner dimension (transposed), rows of 80 bytes.</summary>
    public const string LoadBAlong =
        "add.u32 taddr, tbase, %0;\n\t"
        + "ld.shared.f32 tfb0, [taddr+0]; ld.shared.f32 tfb1, [taddr+16]; ld.shared.f32 tfb2, [taddr+640]; ld.shared.f32 tfb3, [taddr+656];\n\t"
        + "ld.shared.f32 tfb4, [taddr+1280]; ld.shared.f32 tfb5, [taddr+1296]; ld.shared.f32 tfb6, [taddr+1920]; ld.shared.f32 tfb7, [taddr+1936];";

    /// <summary>B stored across it.</summary>
    public const string LoadBAcross =
        "add.u32 taddr, tbase, %0;\n\t"
        + "ld.shared.f32 tfb0, [taddr+0]; ld.shared.f32 tfb1, [taddr+2176]; ld.shared.f32 tfb2, [taddr+32]; ld.shared.f32 tfb3, [taddr+2208];\n\t"
        + "ld.shared.f32 tfb4, [taddr+64]; ld.shared.f32 tfb5, [taddr+2240]; ld.shared.f32 tfb6, [taddr+96]; ld.shared.f32 tfb7, [taddr+2272];";

    /// <summary>Operands rounded to TF32, to the nearest.</summary>
    public const string Round =
        "cvt.rna.tf32.f32 tah0, tfa0; cvt.rna.tf32.f32 tah1, tfa1; cvt.rna.tf32.f32 tah2, tfa2; cvt.rna.tf32.f32 tah3, tfa3;\n\t"
        + "cvt.rna.tf32.f32 tah4, tfa4; cvt.rna.tf32.f32 tah5, tfa5; cvt.rna.tf32.f32 tah6, tfa6; cvt.rna.tf32.f32 tah7, tfa7;\n\t"
        + "cvt.rna.tf32.f32 tah8, tfa8; cvt.rna.tf32.f32 tah9, tfa9; cvt.rna.tf32.f32 tah10, tfa10; cvt.rna.tf32.f32 tah11, tfa11;\n\t"
        + "cvt.rna.tf32.f32 tah12, tfa12; cvt.rna.tf32.f32 tah13, tfa13; cvt.rna.tf32.f32 tah14, tfa14; cvt.rna.tf32.f32 tah15, tfa15;\n\t"
        + "cvt.rna.tf32.f32 tbh0, tfb0; cvt.rna.tf32.f32 tbh1, tfb1; cvt.rna.tf32.f32 tbh2, tfb2; cvt.rna.tf32.f32 tbh3, tfb3;\n\t"
        + "cvt.rna.tf32.f32 tbh4, tfb4; cvt.rna.tf32.f32 tbh5, tfb5; cvt.rna.tf32.f32 tbh6, tfb6; cvt.rna.tf32.f32 tbh7, tfb7;";

    /// <summary>What rounding took away, rounded to TF32 as well: together 21 bits of mantissa.</summary>
    public const string Split =
        "sub.f32 tlow, tfa0, tah0; cvt.rna.tf32.f32 tal0, tlow;\n\t"
        + "sub.f32 tlow, tfa1, tah1; cvt.rna.tf32.f32 tal1, tlow;\n\t"
        + "sub.f32 tlow, tfa2, tah2; cvt.rna.tf32.f32 tal2, tlow;\n\t"
        + "sub.f32 tlow, tfa3, tah3; cvt.rna.tf32.f32 tal3, tlow;\n\t"
        + "sub.f32 tlow, tfa4, tah4; cvt.rna.tf32.f32 tal4, tlow;\n\t"
        + "sub.f32 tlow, tfa5, tah5; cvt.rna.tf32.f32 tal5, tlow;\n\t"
        + "sub.f32 tlow, tfa6, tah6; cvt.rna.tf32.f32 tal6, tlow;\n\t"
        + "sub.f32 tlow, tfa7, tah7; cvt.rna.tf32.f32 tal7, tlow;\n\t"
        + "sub.f32 tlow, tfa8, tah8; cvt.rna.tf32.f32 tal8, tlow;\n\t"
        + "sub.f32 tlow, tfa9, tah9; cvt.rna.tf32.f32 tal9, tlow;\n\t"
        + "sub.f32 tlow, tfa10, tah10; cvt.rna.tf32.f32 tal10, tlow;\n\t"
        + "sub.f32 tlow, tfa11, tah11; cvt.rna.tf32.f32 tal11, tlow;\n\t"
        + "sub.f32 tlow, tfa12, tah12; cvt.rna.tf32.f32 tal12, tlow;\n\t"
        + "sub.f32 tlow, tfa13, tah13; cvt.rna.tf32.f32 tal13, tlow;\n\t"
        + "sub.f32 tlow, tfa14, tah14; cvt.rna.tf32.f32 tal14, tlow;\n\t"
        + "sub.f32 tlow, tfa15, tah15; cvt.rna.tf32.f32 tal15, tlow;\n\t"
        + "sub.f32 tlow, tfb0, tbh0; cvt.rna.tf32.f32 tbl0, tlow;\n\t"
        + "sub.f32 tlow, tfb1, tbh1; cvt.rna.tf32.f32 tbl1, tlow;\n\t"
        + "sub.f32 tlow, tfb2, tbh2; cvt.rna.tf32.f32 tbl2, tlow;\n\t"
        + "sub.f32 tlow, tfb3, tbh3; cvt.rna.tf32.f32 tbl3, tlow;\n\t"
        + "sub.f32 tlow, tfb4, tbh4; cvt.rna.tf32.f32 tbl4, tlow;\n\t"
        + "sub.f32 tlow, tfb5, tbh5; cvt.rna.tf32.f32 tbl5, tlow;\n\t"
        + "sub.f32 tlow, tfb6, tbh6; cvt.rna.tf32.f32 tbl6, tlow;\n\t"
        + "sub.f32 tlow, tfb7, tbh7; cvt.rna.tf32.f32 tbl7, tlow;";

    /// <summary>One product, added by the tensor cores.</summary>
    public const string Multiply =
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc0, tc1, tc2, tc3}, {tah0, tah1, tah2, tah3}, {tbh0, tbh1}, {tc0, tc1, tc2, tc3};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc4, tc5, tc6, tc7}, {tah0, tah1, tah2, tah3}, {tbh2, tbh3}, {tc4, tc5, tc6, tc7};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc8, tc9, tc10, tc11}, {tah0, tah1, tah2, tah3}, {tbh4, tbh5}, {tc8, tc9, tc10, tc11};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc12, tc13, tc14, tc15}, {tah0, tah1, tah2, tah3}, {tbh6, tbh7}, {tc12, tc13, tc14, tc15};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc16, tc17, tc18, tc19}, {tah4, tah5, tah6, tah7}, {tbh0, tbh1}, {tc16, tc17, tc18, tc19};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc20, tc21, tc22, tc23}, {tah4, tah5, tah6, tah7}, {tbh2, tbh3}, {tc20, tc21, tc22, tc23};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc24, tc25, tc26, tc27}, {tah4, tah5, tah6, tah7}, {tbh4, tbh5}, {tc24, tc25, tc26, tc27};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc28, tc29, tc30, tc31}, {tah4, tah5, tah6, tah7}, {tbh6, tbh7}, {tc28, tc29, tc30, tc31};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc32, tc33, tc34, tc35}, {tah8, tah9, tah10, tah11}, {tbh0, tbh1}, {tc32, tc33, tc34, tc35};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc36, tc37, tc38, tc39}, {tah8, tah9, tah10, tah11}, {tbh2, tbh3}, {tc36, tc37, tc38, tc39};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc40, tc41, tc42, tc43}, {tah8, tah9, tah10, tah11}, {tbh4, tbh5}, {tc40, tc41, tc42, tc43};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc44, tc45, tc46, tc47}, {tah8, tah9, tah10, tah11}, {tbh6, tbh7}, {tc44, tc45, tc46, tc47};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc48, tc49, tc50, tc51}, {tah12, tah13, tah14, tah15}, {tbh0, tbh1}, {tc48, tc49, tc50, tc51};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc52, tc53, tc54, tc55}, {tah12, tah13, tah14, tah15}, {tbh2, tbh3}, {tc52, tc53, tc54, tc55};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc56, tc57, tc58, tc59}, {tah12, tah13, tah14, tah15}, {tbh4, tbh5}, {tc56, tc57, tc58, tc59};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tc60, tc61, tc62, tc63}, {tah12, tah13, tah14, tah15}, {tbh6, tbh7}, {tc60, tc61, tc62, tc63};";

    /// <summary>Three products, the small ones first (low · low is below fp32). Tensor cores cut sums off instead of rounding them, so that each eight inner steps are added by an ordinary addition.</summary>
    public const string MultiplySplit =
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp0, tp1, tp2, tp3}, {tal0, tal1, tal2, tal3}, {tbh0, tbh1}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp4, tp5, tp6, tp7}, {tal0, tal1, tal2, tal3}, {tbh2, tbh3}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp8, tp9, tp10, tp11}, {tal0, tal1, tal2, tal3}, {tbh4, tbh5}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp12, tp13, tp14, tp15}, {tal0, tal1, tal2, tal3}, {tbh6, tbh7}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp16, tp17, tp18, tp19}, {tal4, tal5, tal6, tal7}, {tbh0, tbh1}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp20, tp21, tp22, tp23}, {tal4, tal5, tal6, tal7}, {tbh2, tbh3}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp24, tp25, tp26, tp27}, {tal4, tal5, tal6, tal7}, {tbh4, tbh5}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp28, tp29, tp30, tp31}, {tal4, tal5, tal6, tal7}, {tbh6, tbh7}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp32, tp33, tp34, tp35}, {tal8, tal9, tal10, tal11}, {tbh0, tbh1}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp36, tp37, tp38, tp39}, {tal8, tal9, tal10, tal11}, {tbh2, tbh3}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp40, tp41, tp42, tp43}, {tal8, tal9, tal10, tal11}, {tbh4, tbh5}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp44, tp45, tp46, tp47}, {tal8, tal9, tal10, tal11}, {tbh6, tbh7}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp48, tp49, tp50, tp51}, {tal12, tal13, tal14, tal15}, {tbh0, tbh1}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp52, tp53, tp54, tp55}, {tal12, tal13, tal14, tal15}, {tbh2, tbh3}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp56, tp57, tp58, tp59}, {tal12, tal13, tal14, tal15}, {tbh4, tbh5}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp60, tp61, tp62, tp63}, {tal12, tal13, tal14, tal15}, {tbh6, tbh7}, {tzero, tzero, tzero, tzero};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp0, tp1, tp2, tp3}, {tah0, tah1, tah2, tah3}, {tbl0, tbl1}, {tp0, tp1, tp2, tp3};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp4, tp5, tp6, tp7}, {tah0, tah1, tah2, tah3}, {tbl2, tbl3}, {tp4, tp5, tp6, tp7};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp8, tp9, tp10, tp11}, {tah0, tah1, tah2, tah3}, {tbl4, tbl5}, {tp8, tp9, tp10, tp11};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp12, tp13, tp14, tp15}, {tah0, tah1, tah2, tah3}, {tbl6, tbl7}, {tp12, tp13, tp14, tp15};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp16, tp17, tp18, tp19}, {tah4, tah5, tah6, tah7}, {tbl0, tbl1}, {tp16, tp17, tp18, tp19};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp20, tp21, tp22, tp23}, {tah4, tah5, tah6, tah7}, {tbl2, tbl3}, {tp20, tp21, tp22, tp23};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp24, tp25, tp26, tp27}, {tah4, tah5, tah6, tah7}, {tbl4, tbl5}, {tp24, tp25, tp26, tp27};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp28, tp29, tp30, tp31}, {tah4, tah5, tah6, tah7}, {tbl6, tbl7}, {tp28, tp29, tp30, tp31};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp32, tp33, tp34, tp35}, {tah8, tah9, tah10, tah11}, {tbl0, tbl1}, {tp32, tp33, tp34, tp35};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp36, tp37, tp38, tp39}, {tah8, tah9, tah10, tah11}, {tbl2, tbl3}, {tp36, tp37, tp38, tp39};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp40, tp41, tp42, tp43}, {tah8, tah9, tah10, tah11}, {tbl4, tbl5}, {tp40, tp41, tp42, tp43};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp44, tp45, tp46, tp47}, {tah8, tah9, tah10, tah11}, {tbl6, tbl7}, {tp44, tp45, tp46, tp47};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp48, tp49, tp50, tp51}, {tah12, tah13, tah14, tah15}, {tbl0, tbl1}, {tp48, tp49, tp50, tp51};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp52, tp53, tp54, tp55}, {tah12, tah13, tah14, tah15}, {tbl2, tbl3}, {tp52, tp53, tp54, tp55};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp56, tp57, tp58, tp59}, {tah12, tah13, tah14, tah15}, {tbl4, tbl5}, {tp56, tp57, tp58, tp59};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp60, tp61, tp62, tp63}, {tah12, tah13, tah14, tah15}, {tbl6, tbl7}, {tp60, tp61, tp62, tp63};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp0, tp1, tp2, tp3}, {tah0, tah1, tah2, tah3}, {tbh0, tbh1}, {tp0, tp1, tp2, tp3};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp4, tp5, tp6, tp7}, {tah0, tah1, tah2, tah3}, {tbh2, tbh3}, {tp4, tp5, tp6, tp7};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp8, tp9, tp10, tp11}, {tah0, tah1, tah2, tah3}, {tbh4, tbh5}, {tp8, tp9, tp10, tp11};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp12, tp13, tp14, tp15}, {tah0, tah1, tah2, tah3}, {tbh6, tbh7}, {tp12, tp13, tp14, tp15};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp16, tp17, tp18, tp19}, {tah4, tah5, tah6, tah7}, {tbh0, tbh1}, {tp16, tp17, tp18, tp19};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp20, tp21, tp22, tp23}, {tah4, tah5, tah6, tah7}, {tbh2, tbh3}, {tp20, tp21, tp22, tp23};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp24, tp25, tp26, tp27}, {tah4, tah5, tah6, tah7}, {tbh4, tbh5}, {tp24, tp25, tp26, tp27};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp28, tp29, tp30, tp31}, {tah4, tah5, tah6, tah7}, {tbh6, tbh7}, {tp28, tp29, tp30, tp31};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp32, tp33, tp34, tp35}, {tah8, tah9, tah10, tah11}, {tbh0, tbh1}, {tp32, tp33, tp34, tp35};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp36, tp37, tp38, tp39}, {tah8, tah9, tah10, tah11}, {tbh2, tbh3}, {tp36, tp37, tp38, tp39};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp40, tp41, tp42, tp43}, {tah8, tah9, tah10, tah11}, {tbh4, tbh5}, {tp40, tp41, tp42, tp43};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp44, tp45, tp46, tp47}, {tah8, tah9, tah10, tah11}, {tbh6, tbh7}, {tp44, tp45, tp46, tp47};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp48, tp49, tp50, tp51}, {tah12, tah13, tah14, tah15}, {tbh0, tbh1}, {tp48, tp49, tp50, tp51};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp52, tp53, tp54, tp55}, {tah12, tah13, tah14, tah15}, {tbh2, tbh3}, {tp52, tp53, tp54, tp55};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp56, tp57, tp58, tp59}, {tah12, tah13, tah14, tah15}, {tbh4, tbh5}, {tp56, tp57, tp58, tp59};\n\t"
        + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {tp60, tp61, tp62, tp63}, {tah12, tah13, tah14, tah15}, {tbh6, tbh7}, {tp60, tp61, tp62, tp63};\n\t"
        + "add.f32 tc0, tc0, tp0; add.f32 tc1, tc1, tp1; add.f32 tc2, tc2, tp2; add.f32 tc3, tc3, tp3;\n\t"
        + "add.f32 tc4, tc4, tp4; add.f32 tc5, tc5, tp5; add.f32 tc6, tc6, tp6; add.f32 tc7, tc7, tp7;\n\t"
        + "add.f32 tc8, tc8, tp8; add.f32 tc9, tc9, tp9; add.f32 tc10, tc10, tp10; add.f32 tc11, tc11, tp11;\n\t"
        + "add.f32 tc12, tc12, tp12; add.f32 tc13, tc13, tp13; add.f32 tc14, tc14, tp14; add.f32 tc15, tc15, tp15;\n\t"
        + "add.f32 tc16, tc16, tp16; add.f32 tc17, tc17, tp17; add.f32 tc18, tc18, tp18; add.f32 tc19, tc19, tp19;\n\t"
        + "add.f32 tc20, tc20, tp20; add.f32 tc21, tc21, tp21; add.f32 tc22, tc22, tp22; add.f32 tc23, tc23, tp23;\n\t"
        + "add.f32 tc24, tc24, tp24; add.f32 tc25, tc25, tp25; add.f32 tc26, tc26, tp26; add.f32 tc27, tc27, tp27;\n\t"
        + "add.f32 tc28, tc28, tp28; add.f32 tc29, tc29, tp29; add.f32 tc30, tc30, tp30; add.f32 tc31, tc31, tp31;\n\t"
        + "add.f32 tc32, tc32, tp32; add.f32 tc33, tc33, tp33; add.f32 tc34, tc34, tp34; add.f32 tc35, tc35, tp35;\n\t"
        + "add.f32 tc36, tc36, tp36; add.f32 tc37, tc37, tp37; add.f32 tc38, tc38, tp38; add.f32 tc39, tc39, tp39;\n\t"
        + "add.f32 tc40, tc40, tp40; add.f32 tc41, tc41, tp41; add.f32 tc42, tc42, tp42; add.f32 tc43, tc43, tp43;\n\t"
        + "add.f32 tc44, tc44, tp44; add.f32 tc45, tc45, tp45; add.f32 tc46, tc46, tp46; add.f32 tc47, tc47, tp47;\n\t"
        + "add.f32 tc48, tc48, tp48; add.f32 tc49, tc49, tp49; add.f32 tc50, tc50, tp50; add.f32 tc51, tc51, tp51;\n\t"
        + "add.f32 tc52, tc52, tp52; add.f32 tc53, tc53, tp53; add.f32 tc54, tc54, tp54; add.f32 tc55, tc55, tp55;\n\t"
        + "add.f32 tc56, tc56, tp56; add.f32 tc57, tc57, tp57; add.f32 tc58, tc58, tp58; add.f32 tc59, tc59, tp59;\n\t"
        + "add.f32 tc60, tc60, tp60; add.f32 tc61, tc61, tp61; add.f32 tc62, tc62, tp62; add.f32 tc63, tc63, tp63;";

    /// <summary>Which of a warp's columns, eight apart from %0 on, are below %1.</summary>
    public const string Columns =
        "setp.lt.s32 tq0, %0, %1; add.u32 taddr, %0, 8; setp.lt.s32 tq1, taddr, %1;\n\t"
        + "add.u32 taddr, %0, 16; setp.lt.s32 tq2, taddr, %1; add.u32 taddr, %0, 24; setp.lt.s32 tq3, taddr, %1;";

    /// <summary>Row 0 of a thread's eight, at the address %0.</summary>
    public const string Store0 =
        "@tq0 st.global.v2.f32 [%0+0], {tc0, tc1}; @tq1 st.global.v2.f32 [%0+32], {tc4, tc5}; @tq2 st.global.v2.f32 [%0+64], {tc8, tc9}; @tq3 st.global.v2.f32 [%0+96], {tc12, tc13};";

    /// <summary>Row 1 of a thread's eight, at the address %0.</summary>
    public const string Store1 =
        "@tq0 st.global.v2.f32 [%0+0], {tc2, tc3}; @tq1 st.global.v2.f32 [%0+32], {tc6, tc7}; @tq2 st.global.v2.f32 [%0+64], {tc10, tc11}; @tq3 st.global.v2.f32 [%0+96], {tc14, tc15};";

    /// <summary>Row 2 of a thread's eight, at the address %0.</summary>
    public const string Store2 =
        "@tq0 st.global.v2.f32 [%0+0], {tc16, tc17}; @tq1 st.global.v2.f32 [%0+32], {tc20, tc21}; @tq2 st.global.v2.f32 [%0+64], {tc24, tc25}; @tq3 st.global.v2.f32 [%0+96], {tc28, tc29};";

    /// <summary>Row 3 of a thread's eight, at the address %0.</summary>
    public const string Store3 =
        "@tq0 st.global.v2.f32 [%0+0], {tc18, tc19}; @tq1 st.global.v2.f32 [%0+32], {tc22, tc23}; @tq2 st.global.v2.f32 [%0+64], {tc26, tc27}; @tq3 st.global.v2.f32 [%0+96], {tc30, tc31};";

    /// <summary>Row 4 of a thread's eight, at the address %0.</summary>
    public const string Store4 =
        "@tq0 st.global.v2.f32 [%0+0], {tc32, tc33}; @tq1 st.global.v2.f32 [%0+32], {tc36, tc37}; @tq2 st.global.v2.f32 [%0+64], {tc40, tc41}; @tq3 st.global.v2.f32 [%0+96], {tc44, tc45};";

    /// <summary>Row 5 of a thread's eight, at the address %0.</summary>
    public const string Store5 =
        "@tq0 st.global.v2.f32 [%0+0], {tc34, tc35}; @tq1 st.global.v2.f32 [%0+32], {tc38, tc39}; @tq2 st.global.v2.f32 [%0+64], {tc42, tc43}; @tq3 st.global.v2.f32 [%0+96], {tc46, tc47};";

    /// <summary>Row 6 of a thread's eight, at the address %0.</summary>
    public const string Store6 =
        "@tq0 st.global.v2.f32 [%0+0], {tc48, tc49}; @tq1 st.global.v2.f32 [%0+32], {tc52, tc53}; @tq2 st.global.v2.f32 [%0+64], {tc56, tc57}; @tq3 st.global.v2.f32 [%0+96], {tc60, tc61};";

    /// <summary>Row 7 of a thread's eight, at the address %0.</summary>
    public const string Store7 =
        "@tq0 st.global.v2.f32 [%0+0], {tc50, tc51}; @tq1 st.global.v2.f32 [%0+32], {tc54, tc55}; @tq2 st.global.v2.f32 [%0+64], {tc58, tc59}; @tq3 st.global.v2.f32 [%0+96], {tc62, tc63};";

    /// <summary>No sums yet.</summary>
    private const string Clear =
        "mov.f32 tc0, tzero; mov.f32 tc1, tzero; mov.f32 tc2, tzero; mov.f32 tc3, tzero; mov.f32 tc4, tzero; mov.f32 tc5, tzero; mov.f32 tc6, tzero; mov.f32 tc7, tzero;\n\t"
        + "mov.f32 tc8, tzero; mov.f32 tc9, tzero; mov.f32 tc10, tzero; mov.f32 tc11, tzero; mov.f32 tc12, tzero; mov.f32 tc13, tzero; mov.f32 tc14, tzero; mov.f32 tc15, tzero;\n\t"
        + "mov.f32 tc16, tzero; mov.f32 tc17, tzero; mov.f32 tc18, tzero; mov.f32 tc19, tzero; mov.f32 tc20, tzero; mov.f32 tc21, tzero; mov.f32 tc22, tzero; mov.f32 tc23, tzero;\n\t"
        + "mov.f32 tc24, tzero; mov.f32 tc25, tzero; mov.f32 tc26, tzero; mov.f32 tc27, tzero; mov.f32 tc28, tzero; mov.f32 tc29, tzero; mov.f32 tc30, tzero; mov.f32 tc31, tzero;\n\t"
        + "mov.f32 tc32, tzero; mov.f32 tc33, tzero; mov.f32 tc34, tzero; mov.f32 tc35, tzero; mov.f32 tc36, tzero; mov.f32 tc37, tzero; mov.f32 tc38, tzero; mov.f32 tc39, tzero;\n\t"
        + "mov.f32 tc40, tzero; mov.f32 tc41, tzero; mov.f32 tc42, tzero; mov.f32 tc43, tzero; mov.f32 tc44, tzero; mov.f32 tc45, tzero; mov.f32 tc46, tzero; mov.f32 tc47, tzero;\n\t"
        + "mov.f32 tc48, tzero; mov.f32 tc49, tzero; mov.f32 tc50, tzero; mov.f32 tc51, tzero; mov.f32 tc52, tzero; mov.f32 tc53, tzero; mov.f32 tc54, tzero; mov.f32 tc55, tzero;\n\t"
        + "mov.f32 tc56, tzero; mov.f32 tc57, tzero; mov.f32 tc58, tzero; mov.f32 tc59, tzero; mov.f32 tc60, tzero; mov.f32 tc61, tzero; mov.f32 tc62, tzero; mov.f32 tc63, tzero;";
}
