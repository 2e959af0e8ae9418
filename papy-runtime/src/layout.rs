//! What belongs together in a run that has been wired: its parts, and how their inputs are pulled.

use crate::lineage::Lineage;
use crate::net::{Net, Role};
use crate::ratio::{Ratio, lcm};

/// The parts of a run.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(crate) parts: Vec<PartPlan>,
    /// The part of each step.
    pub(crate) steps: Vec<usize>,
    /// The part of each output.
    pub(crate) outputs: Vec<usize>,
}

/// A connected part: what a wave passes.
#[derive(Debug, Default, Clone)]
pub struct PartPlan {
    /// Its inputs in header order, and how many items of each make a round.
    pub(crate) inputs: Vec<(usize, u64)>,
    pub(crate) outputs: Vec<usize>,
    /// Rounds behind the last wave in which what was kept back comes out.
    pub(crate) tails: u64,
    /// Steps that every wave passes, the outputs' queues among them.
    pub(crate) steps: usize,
    /// Those of them that are evaluated.
    pub(crate) regions: usize,
    /// Slots in a wave, at most, as nodes ask for it.
    pub(crate) stride: Option<usize>,
    /// The step of the spring that its waves begin at, where they don't come from inputs.
    pub(crate) spring: Option<usize>,
    /// The steps from which springs take: they are readers behind those of the outputs, in this order.
    pub(crate) feeds: Vec<usize>,
    /// The parts that its spring takes from, directly or not, and the reader that does so.
    pub(crate) above: Vec<(usize, usize)>,
    /// The other parts that it is connected with by springs.
    pub(crate) network: Vec<usize>,
}

impl Layout {
    /// Of a pipeline that is one region behind one input.
    pub(crate) fn alone(outputs: usize) -> Layout {
        Layout {
            parts: vec![PartPlan {
                inputs: vec![(0, 1)],
                outputs: (0..outputs).collect(),
                ..PartPlan::default()
            }],
            steps: Vec::new(),
            outputs: vec![0; outputs],
        }
    }

    pub(crate) fn new(net: &Net<'_>, outputs: &[(Lineage, u64)]) -> Layout {
        let lineages = &net.lineages;
        let mut known: Vec<usize> = Vec::new();
        let mut parts: Vec<PartPlan> = Vec::new();
        let mut number = |root: usize| {
            let part = lineages.part_of(root);
            known
                .iter()
                .position(|other| *other == part)
                .unwrap_or_else(|| {
                    known.push(part);
                    known.len() - 1
                })
        };
        let inputs: Vec<usize> = net.inputs.iter().map(|root| number(*root)).collect();
        let steps: Vec<usize> = net.steps.iter().map(|step| number(step.root)).collect();
        let outputs: Vec<(usize, u64)> = outputs
            .iter()
            .map(|(lineage, _)| (number(lineage.root), lineage.depth))
            .collect();
        parts.resize_with(known.len(), PartPlan::default);
        for (part, plan) in parts.iter_mut().enumerate() {
            let own: Vec<usize> = (0..inputs.len())
                .filter(|input| inputs[*input] == part)
                .collect();
            plan.inputs = rounds(
                &own,
                &own.iter()
                    .map(|input| lineages.leader(net.inputs[*input]).1)
                    .collect::<Vec<_>>(),
            );
        }
        let mut networks: Vec<usize> = (0..parts.len()).collect();
        for (at, (step, part)) in net.steps.iter().zip(&steps).enumerate() {
            let plan = &mut parts[*part];
            plan.tails = plan.tails.max(step.depth);
            plan.stride = plan.stride.into_iter().chain(step.stride).min();
            match step.role {
                Role::Step(_) | Role::Timed(_) => {
                    plan.steps += 1;
                    plan.regions += 1;
                }
                Role::Feed(_, spring) => {
                    plan.steps += 1;
                    plan.feeds.push(at);
                    let (here, there) = (networks[*part], networks[steps[spring]]);
                    for network in &mut networks {
                        if *network == here {
                            *network = there;
                        }
                    }
                }
                Role::Spring(_) => plan.spring = Some(at),
            }
        }
        for (part, plan) in parts.iter_mut().enumerate() {
            let others = (0..networks.len()).filter(|other| *other != part);
            plan.network = others
                .filter(|other| networks[*other] == networks[part])
                .collect();
        }
        for (output, (part, depth)) in outputs.iter().enumerate() {
            let plan = &mut parts[*part];
            plan.tails = plan.tails.max(*depth);
            plan.steps += 1;
            plan.outputs.push(output);
        }
        let mut above: Vec<Vec<(usize, usize)>> = vec![Vec::new(); parts.len()];
        for (at, step) in net.steps.iter().enumerate() {
            let Role::Feed(_, spring) = step.role else {
                continue;
            };
            let plan = &parts[steps[at]];
            let place = plan.feeds.iter().position(|feed| *feed == at);
            let reader = plan.outputs.len() + place.unwrap_or_default();
            above[steps[spring]].push((steps[at], reader));
        }
        for (part, plan) in parts.iter_mut().enumerate() {
            let mut trail = above[part].clone();
            while let Some(found) = trail.pop() {
                if !plan.above.contains(&found) {
                    plan.above.push(found);
                    trail.extend(&above[found.0]);
                }
            }
        }
        Layout {
            parts,
            steps,
            outputs: outputs.into_iter().map(|(part, _)| part).collect(),
        }
    }
}

/// The smallest whole numbers of items of inputs that are counted in each other so.
fn rounds(inputs: &[usize], rates: &[Ratio]) -> Vec<(usize, u64)> {
    let common = rates.iter().fold(1, |common, rate| lcm(common, rate.den));
    let numbers: Vec<u64> = rates
        .iter()
        .map(|rate| rate.num * (common / rate.den))
        .collect();
    let divisor = numbers
        .iter()
        .fold(0, |a, b| crate::ratio::gcd(a, *b))
        .max(1);
    inputs
        .iter()
        .zip(numbers)
        .map(|(input, number)| (*input, number / divisor))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_the_smallest() {
        let rates = [Ratio::ONE, Ratio::new(2, 1), Ratio::new(4, 6)];
        assert_eq!(rounds(&[0, 1, 3], &rates), [(0, 3), (1, 6), (3, 2)]);
        assert_eq!(rounds(&[0], &[Ratio::new(7, 3)]), [(0, 1)]);
    }
}
