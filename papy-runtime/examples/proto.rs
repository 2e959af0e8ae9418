use papy_runtime::{__private as pp, Fault, Pool};
use std::borrow::Borrow;
use std::sync::Arc;
// workers as emitted
#[derive(Clone, Debug)]
pub struct Read {
    q: Vec<u8>,
}
pub fn trim(read: Read, min_quality: u8) -> Option<Read> {
    (read.q.len() > min_quality as usize).then_some(read)
}
#[allow(non_camel_case_types)]
pub struct trim {
    pub min_quality: u8,
    pub __papy: std::marker::PhantomData<()>,
}
impl pp::Scratch for trim {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl pp::Stateless for trim {}
impl pp::Worker<(Read,)> for trim {
    type Out = Option<Read>;
    type Error = std::convert::Infallible;
    fn call(&self, _: &mut (), _: &mut (), (a,): (Read,)) -> Result<Self::Out, Self::Error> {
        Ok(trim(a, self.min_quality.clone()))
    }
}

pub fn align(read: Read, reference: &str) -> Result<usize, std::num::ParseIntError> {
    reference.parse::<usize>().map(|x| x + read.q.len())
}
#[allow(non_camel_case_types)]
pub struct align<P0> {
    pub reference: P0,
    pub __papy: std::marker::PhantomData<()>,
}
impl<P0> pp::Scratch for align<P0> {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl<P0> pp::Stateless for align<P0> {}
impl<P0: Borrow<str>> pp::Worker<(Read,)> for align<P0> {
    type Out = usize;
    type Error = std::num::ParseIntError;
    fn call(&self, _: &mut (), _: &mut (), (a,): (Read,)) -> Result<Self::Out, Self::Error> {
        align(a, self.reference.borrow())
    }
}

pub fn show<T: std::fmt::Debug>(x: T) -> String {
    format!("{x:?}")
}
#[allow(non_camel_case_types)]
pub struct show<T> {
    pub __papy: std::marker::PhantomData<fn() -> (T,)>,
}
impl<T> pp::Scratch for show<T> {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl<T> pp::Stateless for show<T> {}
impl<T: std::fmt::Debug> pp::Worker<(T,)> for show<T> {
    type Out = String;
    type Error = std::convert::Infallible;
    fn call(&self, _: &mut (), _: &mut (), (a,): (T,)) -> Result<Self::Out, Self::Error> {
        Ok(show(a))
    }
}

pub fn row(hit: usize, name: String) -> (usize, String) {
    (hit, name)
}
#[allow(non_camel_case_types)]
pub struct row {
    pub __papy: std::marker::PhantomData<()>,
}
impl pp::Scratch for row {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl pp::Stateless for row {}
impl pp::Worker<(usize, String)> for row {
    type Out = (usize, String);
    type Error = std::convert::Infallible;
    fn call(
        &self,
        _: &mut (),
        _: &mut (),
        (a, b): (usize, String),
    ) -> Result<Self::Out, Self::Error> {
        Ok(row(a, b))
    }
}

pub fn count(n: &mut u64, r: (usize, String)) {
    *n += r.0 as u64;
}
#[allow(non_camel_case_types)]
pub struct count {
    pub __papy: std::marker::PhantomData<()>,
}
impl pp::Scratch for count {
    type State = u64;
    type Local = ();
    fn local(&self) {}
}
impl pp::Stateful for count {}
impl pp::Worker<((usize, String),)> for count {
    type Out = ();
    type Error = std::convert::Infallible;
    fn call(
        &self,
        s: &mut u64,
        _: &mut (),
        (a,): ((usize, String),),
    ) -> Result<Self::Out, Self::Error> {
        Ok(count(s, a))
    }
}

pub struct StatsRun {
    pub rows: pp::Output<(usize, String)>,
    pub sum: pp::Output<u64>,
    __papy: pp::Control,
}
impl pp::Run for StatsRun {
    type Outputs = (pp::Output<(usize, String)>, (pp::Output<u64>, ()));
    fn new((rows, (sum, ())): Self::Outputs, control: pp::Control) -> Self {
        StatsRun {
            rows,
            sum,
            __papy: control,
        }
    }
}
impl StatsRun {
    pub fn handle(&self) -> pp::Handle {
        self.__papy.handle()
    }
    pub fn join(self) -> Result<pp::Report, pp::RunError> {
        drop(self.rows);
        drop(self.sum);
        self.__papy.join()
    }
}
static SPEC: pp::Spec = pp::Spec {
    name: "stats",
    inputs: &[("reads", 0)],
    nodes: &["trim", "align", "show", "row", "closure", "count"],
    outputs: &[
        pp::OutputSpec {
            name: "rows",
            part: 0,
            ordered: true,
        },
        pp::OutputSpec {
            name: "sum",
            part: 0,
            ordered: true,
        },
    ],
    tails: &[1],
};
pub fn stats<'env>(
    reads: impl pp::Source<Read, Feed: 'env>,
    reference: Arc<String>,
    floor: u8,
    pool: Pool,
) -> pp::Pipeline<
    'env,
    StatsRun,
    pp::Plan<
        ((usize, String), u64),
        (impl pp::Feed<Item = Read> + 'env, ()),
        impl pp::Body<
            'env,
            Inputs = (pp::Port<Read>, ()),
            Ports = (pp::Port<(usize, String)>, (pp::Port<u64>, ())),
        >,
    >,
> {
    let w0 = trim {
        min_quality: floor,
        __papy: Default::default(),
    };
    let w1 = align {
        reference: reference.as_str().to_owned(),
        __papy: Default::default(),
    };
    let w2 = show {
        __papy: Default::default(),
    };
    let w3 = row {
        __papy: Default::default(),
    };
    let p_reads = pp::port::<Read>();
    let (r0, (p_x, ())) = pp::region(
        pp::RegionSpec::new(0, &[0, 1, 2, 3, 4]),
        (p_reads, ()),
        pp::scratch({ || (0u8, ((), ())) }),
        move |cx, (_l, (l1, l2)), (reads, ())| {
            let mut u = ();
            let clean = reads.solo().then(cx, 0, &w0, &mut u).filter(cx, 0);
            let clean_1 = clean.copy(cx, 2);
            let hits = clean.solo().then(cx, 1, &w1, l1);
            let names = clean_1.solo().then(cx, 2, &w2, l2);
            let names = names.solo().call(cx, 4, |(x,)| x.trim().to_string());
            let rows = hits.and(cx, 3, names).then(cx, 3, &w3, &mut ());
            (rows, ())
        },
    );
    let w4 = count {
        __papy: Default::default(),
    };
    let (r1, (_, (_, ()))) = pp::region(
        pp::RegionSpec::new(0, &[5]).on(&pool).serial(),
        (p_x, ()),
        pp::state((Some(0u64), ((), ()))),
        move |cx, (state, (l0, ())), (rows, ())| {
            let rows_1 = rows.copy(cx, 0);
            let sum = rows.solo().fold(cx, 0, 1, &w4, state, l0);
            let rows_1 = pp::output::<(usize, String), _>(rows_1);
            let sum = pp::output::<u64, _>(sum);
            (rows_1, (sum, ()))
        },
    );
    pp::pipeline(
        &SPEC,
        (pp::input::<Read, _>(reads), ()),
        (pp::port::<(usize, String)>(), (pp::port::<u64>(), ())),
        pp::apart(),
        move |net, (reads, ())| {
            let (x, ()) = net.add(&r0, (reads, ()));
            let (rows, (sum, ())) = net.add(&r1, (x, ()));
            (rows, (sum, ()))
        },
    )
}

pub struct incr {
    pub __papy: std::marker::PhantomData<()>,
}
impl pp::Scratch for incr {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl pp::Stateless for incr {}
impl pp::Worker<(u64,)> for incr {
    type Out = u64;
    type Error = std::convert::Infallible;
    #[inline]
    fn call(&self, _: &mut (), _: &mut (), (a,): (u64,)) -> Result<Self::Out, Self::Error> {
        Ok(a.wrapping_mul(3).wrapping_add(1) ^ (a >> 7))
    }
}
pub struct w1 {
    pub __papy: std::marker::PhantomData<()>,
}
impl pp::Scratch for w1 {
    type State = ();
    type Local = ();
    fn local(&self) {}
}
impl pp::Stateless for w1 {}
impl pp::Worker<(u64,)> for w1 {
    type Out = u64;
    type Error = std::convert::Infallible;
    #[inline]
    fn call(&self, _: &mut (), _: &mut (), (a,): (u64,)) -> Result<Self::Out, Self::Error> {
        Ok(micro(a))
    }
}
#[inline(never)]
fn micro(mut x: u64) -> u64 {
    for _ in 0..400 {
        x = std::hint::black_box(
            x.wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407),
        );
    }
    x
}
struct ChainRun(pp::Output<u64>, pp::Control);
impl pp::Run for ChainRun {
    type Outputs = (pp::Output<u64>, ());
    fn new((a, ()): Self::Outputs, c: pp::Control) -> Self {
        ChainRun(a, c)
    }
}
static CHAIN: pp::Spec = pp::Spec {
    name: "chain",
    inputs: &[("xs", 0)],
    nodes: &["a", "b", "c", "d"],
    outputs: &[pp::OutputSpec {
        name: "out",
        part: 0,
        ordered: true,
    }],
    tails: &[0],
};
fn chain<'env>(
    xs: impl pp::Source<u64, Feed: 'env>,
) -> pp::Pipeline<
    'env,
    ChainRun,
    pp::Plan<
        (u64,),
        (impl pp::Feed<Item = u64> + 'env, ()),
        impl pp::Body<'env, Inputs = (pp::Port<u64>, ()), Ports = (pp::Port<u64>, ())>,
    >,
> {
    let w0 = incr {
        __papy: Default::default(),
    };
    let (r0, _) = pp::region(
        pp::RegionSpec::new(0, &[0, 1, 2, 3]),
        (pp::port::<u64>(), ()),
        pp::scratch(|| ()),
        move |cx, (), (x, ())| {
            let a = x.solo().then(cx, 0, &w0, &mut ());
            let a = a.solo().then(cx, 1, &w0, &mut ());
            let a = a.solo().then(cx, 2, &w0, &mut ());
            let a = a.solo().then(cx, 3, &w0, &mut ());
            (pp::output::<u64, _>(a), ())
        },
    );
    pp::pipeline(
        &CHAIN,
        (pp::input::<u64, _>(xs), ()),
        (pp::port::<u64>(), ()),
        pp::alone(&r0),
        move |net, l| net.add(&r0, l),
    )
}
static ONE: pp::Spec = pp::Spec {
    name: "one",
    inputs: &[("xs", 0)],
    nodes: &["a"],
    outputs: &[pp::OutputSpec {
        name: "out",
        part: 0,
        ordered: true,
    }],
    tails: &[0],
};
fn one<'env>(
    xs: impl pp::Source<u64, Feed: 'env>,
) -> pp::Pipeline<
    'env,
    ChainRun,
    pp::Plan<
        (u64,),
        (impl pp::Feed<Item = u64> + 'env, ()),
        impl pp::Body<'env, Inputs = (pp::Port<u64>, ()), Ports = (pp::Port<u64>, ())>,
    >,
> {
    let w0 = w1 {
        __papy: Default::default(),
    };
    let (r0, _) = pp::region(
        pp::RegionSpec::new(0, &[0]),
        (pp::port::<u64>(), ()),
        pp::scratch(|| ()),
        move |cx, (), (x, ())| {
            let a = x.solo().then(cx, 0, &w0, &mut ());
            (pp::output::<u64, _>(a), ())
        },
    );
    pp::pipeline(
        &ONE,
        (pp::input::<u64, _>(xs), ()),
        (pp::port::<u64>(), ()),
        pp::alone(&r0),
        move |net, l| net.add(&r0, l),
    )
}
fn time<R>(name: &str, n: u64, f: impl FnOnce() -> R) -> R {
    let t = std::time::Instant::now();
    let r = f();
    println!(
        "{name:20} {:8.3} ns/item",
        t.elapsed().as_nanos() as f64 / n as f64
    );
    r
}
fn main() {
    let reads: Vec<Read> = (0..5).map(|n| Read { q: vec![0; n] }).collect();
    let report = stats(reads.clone(), Arc::new("7".into()), 1, Pool::rayon())
        .for_each((|row| println!("{row:?}"), |n| println!("sum {n:?}")));
    println!("{report}");
    let report = stats(reads.clone(), Arc::new("7".into()), 1, Pool::threads(2))
        .for_each((|row| println!("{row:?}"), |n| println!("sum {n:?}")));
    println!("{report}");
    let mut run = stats(reads, Arc::new("7".into()), 1, Pool::rayon())
        .start()
        .unwrap();
    println!("{:?}", run.sum.next());
    println!(
        "{:?}",
        run.rows.by_ref().map(|x| x.unwrap()).collect::<Vec<_>>()
    );
    println!("{:?}", run.join().unwrap().elapsed());
    let f = |a: u64| a.wrapping_mul(3).wrapping_add(1) ^ (a >> 7);
    for _ in 0..3 {
        let n = 100_000_000u64;
        let a = time("loop", n, || {
            let mut s = 0u64;
            for x in std::hint::black_box(0..n) {
                s = s.rotate_left(5) ^ f(f(f(f(x))));
            }
            s
        });
        let b = time("for_each", n, || {
            let mut s = 0u64;
            chain(std::hint::black_box(0..n)).for_each(|x| s = s.rotate_left(5) ^ x.unwrap());
            s
        });
        assert_eq!(a, b);
        let c = time("start", n, || {
            let mut s = 0u64;
            for x in chain(std::hint::black_box(0..n)).start().unwrap().0 {
                s = s.rotate_left(5) ^ x.unwrap();
            }
            s
        });
        assert_eq!(a, c);
        let n = 2_000_000u64;
        let a = time("loop 1us", n, || {
            let mut s = 0u64;
            for x in std::hint::black_box(0..n) {
                s = s.rotate_left(5) ^ micro(x);
            }
            s
        });
        time("split 1us", n, || {
            std::thread::scope(|s| {
                let h = s.spawn(|| (0..n / 2).map(micro).fold(0, |a, b| a ^ b));
                let x = (n / 2..n).map(micro).fold(0, |a, b| a ^ b);
                x ^ h.join().unwrap()
            })
        });
        let b = time("for_each 1us", n, || {
            let mut s = 0u64;
            one(std::hint::black_box(0..n)).for_each(|x| s = s.rotate_left(5) ^ x.unwrap());
            s
        });
        let c = time("start 1us", n, || {
            let mut s = 0u64;
            for x in one(std::hint::black_box(0..n)).start().unwrap().0 {
                s = s.rotate_left(5) ^ x.unwrap();
            }
            s
        });
        assert_eq!(a, b);
        assert_eq!(a, c);
    }
}
