use crate::schema::Schema;

#[test]
fn a_role_is_handed_over_where_an_instance_profile_is() {
    let schema = Schema::load().unwrap();
    let passing = schema.actions().into_iter().filter(|action| action.passes_role).map(|action| &*action.name);
    let known =
        ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation", "RequestSpotInstances", "RunInstances"];
    assert_eq!(passing.collect::<Vec<_>>(), known);
}
